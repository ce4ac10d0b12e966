#include <benchmark/benchmark.h>

#include "bench/support/limits.hpp"
#include "bench/support/stores.hpp"

/// What the chain's own thread does: no signature, and the disk's share told apart.
namespace cairn::bench {
namespace {

std::vector<BlockPtr> checked(const std::vector<SharedBytes>& blocks) {
    std::vector<BlockPtr> all;
    for (const auto& bytes : blocks) all.push_back(block_from_store(bytes));
    return all;
}

void submit(Node& node, const BlockPtr& block) {
    ENSURE(node.submit(block, ChainMaker::now()).has_value());
    while (node.has_more()) node.step(ChainMaker::now());
}

void commit(Node& node) { ENSURE(node.commit(ChainMaker::now()).has_value()); }

/// Blocks of 1,000 transfers each, on a chain of `range` empty ones.
void connect_block(benchmark::State& state) {
    constexpr std::size_t kTransfers = 1000;
    constexpr std::size_t kBlocks = 20;
    const auto params = dev_params();
    ChainMaker maker{params};
    const auto empty = maker.mine_empty(static_cast<std::size_t>(state.range(0)));
    TransferMaker transfers{params, 1000};
    std::vector<SharedBytes> full;
    for (std::size_t i = 0; i < kBlocks; ++i)
        full.push_back(maker.mine(transfers.take(kTransfers)));
    const auto blocks = checked(full);
    double submitting = 0;
    double committing = 0;
    for (auto _ : state) {
        const TempFolder folder;
        const auto store = open_rocks(folder.path("store"));
        const auto node = open_node(params, *store);
        import(*node, *params, empty);
        for (const auto& block : blocks) {
            submitting += seconds_of([&] { submit(*node, block); });
            committing += seconds_of([&] { commit(*node); });
        }
    }
    const double transfers_connected =
        static_cast<double>(kBlocks * kTransfers) * static_cast<double>(state.iterations());
    state.counters["submit_us_a_transfer"] = submitting / transfers_connected * 1e6;
    state.counters["commit_us_a_transfer"] = committing / transfers_connected * 1e6;
}

/// From a branch of `range` blocks of 100 transfers to another, one block longer.
void reorganise(benchmark::State& state) {
    constexpr std::size_t kTransfers = 100;
    const auto depth = static_cast<std::size_t>(state.range(0));
    const auto params = dev_params();
    const auto branch = [&](std::uint8_t miner, std::size_t blocks) {
        ChainMaker maker{params, miner};
        TransferMaker transfers{params, 500};
        std::vector<SharedBytes> made;
        for (std::size_t i = 0; i < blocks; ++i)
            made.push_back(maker.mine(transfers.take(kTransfers)));
        return checked(made);
    };
    const auto left = branch(1, depth);
    const auto joining = branch(2, depth + 1);
    double seconds = 0;
    for (auto _ : state) {
        MemoryStore store;
        const auto node = open_node(params, store);
        for (const auto& block : left) submit(*node, block);
        for (std::size_t i = 0; i < depth; ++i) submit(*node, joining[i]);
        commit(*node);
        seconds += seconds_of([&] {
            submit(*node, joining[depth]);
            commit(*node);
        });
        ENSURE(node->ledger().tip().hash == joining[depth]->header.hash);
    }
    const auto runs = static_cast<double>(state.iterations());
    state.counters["ms_a_switch"] = seconds / runs * 1e3;
    state.counters["us_a_transfer"] =
        seconds / runs / static_cast<double>((2 * depth + 1) * kTransfers) * 1e6;
}

/// A pool of `range` transfers of 1,000 senders.
struct FilledPool {
    explicit FilledPool(std::size_t size) {
        for (const auto& transfer : transfers.take(size)) ENSURE(add(transfer).has_value());
    }
    Result<Admitted, Rejection> add(const TransferPtr& transfer) {
        return pool.add(transfer, Account{100 * Amount::kUnitsPerCoin, 0}, Now{0, kWall}, rows);
    }

    TransferMaker transfers{dev_params(), 1000};
    MemoryStore store;
    Staged rows{store.snapshot()};
    Pool pool{PoolLimits{}};
};

void pool_add(benchmark::State& state) {
    FilledPool filled{static_cast<std::size_t>(state.range(0))};
    constexpr benchmark::IterationCount kMore = 10'000;
    const auto more = filled.transfers.take(kMore);
    std::size_t at = 0;
    for (auto _ : state) ENSURE(filled.add(more[at++]).has_value());
}

/// What a template asks for: the best transfers that fit a block of 4 MiB.
void pool_best(benchmark::State& state) {
    const FilledPool filled{static_cast<std::size_t>(state.range(0))};
    std::size_t chosen = 0;
    for (auto _ : state) chosen = filled.pool.best(4 * 1024 * 1024).size();
    state.counters["chosen"] = static_cast<double>(chosen);
}

BENCHMARK(connect_block)->Arg(1'000)->Arg(100'000)->Unit(benchmark::kMillisecond)->Iterations(1);
BENCHMARK(reorganise)->Arg(10)->Arg(100)->Unit(benchmark::kMillisecond)->Iterations(5);
BENCHMARK(pool_add)->Arg(1'000)->Arg(50'000)->Iterations(10'000);
BENCHMARK(pool_best)->Arg(1'000)->Arg(50'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace cairn::bench
