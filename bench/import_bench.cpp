#include <benchmark/benchmark.h>

#include "bench/support/limits.hpp"
#include "bench/support/recording_store.hpp"
#include "bench/support/stores.hpp"

namespace cairn::bench {
namespace {

struct Chain {
    std::shared_ptr<const ChainParams> params = dev_params();
    std::vector<SharedBytes> blocks;
    std::vector<TransferPtr> transfers;
};

Chain make_chain(std::size_t blocks, std::size_t transfers_each) {
    Chain chain;
    ChainMaker maker{chain.params};
    TransferMaker transfers{chain.params, 1000};
    for (std::size_t i = 0; i < blocks; ++i) {
        const auto within = transfers.take(transfers_each);
        chain.transfers.insert(chain.transfers.end(), within.begin(), within.end());
        chain.blocks.push_back(maker.mine(within));
    }
    return chain;
}

/// Import into a new store; beside it the same signatures verified and nothing else, and the same
/// batches written and nothing else.
void run(benchmark::State& state, const Chain& chain) {
    double import_seconds = 0;
    double import_cpu = 0;
    double verify = 0;
    double verify_cpu = 0;
    double write_seconds = 0;
    for (auto _ : state) {
        const TempFolder folder;
        const auto disk = open_rocks(folder.path("imported"));
        RecordingStore store{*disk};
        const auto node = open_node(chain.params, store);
        const double cpu_before = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);
        import_seconds += seconds_of([&] { import(*node, *chain.params, chain.blocks); });
        import_cpu += cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu_before;
        ENSURE(node->ledger().tip().height == chain.blocks.size() + 1);

        const double cpu_between = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);
        verify += verify_seconds(chain.transfers, *chain.params, cores());
        verify_cpu += cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu_between;
        const auto bare = open_rocks(folder.path("bare"));
        write_seconds += seconds_of([&] {
            for (const auto& batch : store.batches()) ENSURE(bare->write(batch).has_value());
        });
    }
    const auto runs = static_cast<double>(state.iterations());
    const double blocks = static_cast<double>(chain.blocks.size()) * runs;
    const double transfers = static_cast<double>(chain.transfers.size()) * runs;
    state.counters["blocks_per_second"] = blocks / import_seconds;
    state.counters["cpu_us_a_block"] = import_cpu / blocks * 1e6;
    state.counters["of_bare_writes"] = write_seconds / import_seconds;
    if (transfers > 0) {
        state.counters["transfers_per_second"] = transfers / import_seconds;
        state.counters["of_bare_verify"] = verify / import_seconds;
        state.counters["cpu_times_bare_verify"] = import_cpu / verify_cpu;
        state.counters["cpu_us_a_transfer"] = import_cpu / transfers * 1e6;
    }
}

void import_transfers(benchmark::State& state) {
    static const Chain chain = make_chain(32, 1000);
    run(state, chain);
}
void import_empty_blocks(benchmark::State& state) {
    static const Chain chain = make_chain(20'000, 0);
    run(state, chain);
}

BENCHMARK(import_transfers)->Unit(benchmark::kMillisecond)->Iterations(3);
BENCHMARK(import_empty_blocks)->Unit(benchmark::kMillisecond)->Iterations(3);

}  // namespace
}  // namespace cairn::bench
