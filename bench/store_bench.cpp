#include <benchmark/benchmark.h>

#include <map>

#include "bench/support/limits.hpp"
#include "bench/support/stores.hpp"

namespace cairn::bench {
namespace {

Bytes numbered(std::uint64_t number, std::size_t size) {
    Bytes bytes(size, 0x5a);
    for (std::size_t i = 0; i < 8; ++i)
        bytes[i] = static_cast<std::uint8_t>(number >> (8 * (7 - i)));
    return bytes;
}

/// 64 rows of 32 + 100 bytes, durable; beside it the same bytes appended to a file and synced. Both
/// take turns, so that a busy disk slows both alike.
void write_64_rows(benchmark::State& state) {
    const TempFolder folder;
    const auto store = open_rocks(folder.path("store"));
    SyncedFile file{folder};
    double store_seconds = 0;
    double file_seconds = 0;
    std::uint64_t key = 0;
    const Bytes same_bytes(std::size_t{64} * 132);
    for (auto _ : state) {
        Batch batch;
        for (int i = 0; i < 64; ++i)
            batch.rows.push_back({Table::accounts, numbered(++key, 32), Bytes(100, 1)});
        store_seconds += seconds_of([&] { ENSURE(store->write(batch).has_value()); });
        file_seconds += seconds_of([&] { file.append(same_bytes); });
    }
    const auto runs = static_cast<double>(state.iterations());
    state.counters["us_a_write"] = store_seconds / runs * 1e6;
    state.counters["us_bare_fsync"] = file_seconds / runs * 1e6;
    state.counters["times_bare"] = store_seconds / file_seconds;
}

/// A store that holds a chain of this many empty blocks; made once.
class ChainOnDisk {
public:
    static const ChainOnDisk& of(std::size_t blocks) {
        static std::map<std::size_t, std::unique_ptr<ChainOnDisk>> made;
        auto& slot = made[blocks];
        if (!slot) slot.reset(new ChainOnDisk{blocks});
        return *slot;
    }
    [[nodiscard]] std::string path() const { return folder_.path("store"); }
    [[nodiscard]] const std::shared_ptr<const ChainParams>& params() const { return params_; }

private:
    explicit ChainOnDisk(std::size_t blocks) {
        ChainMaker maker{params_};
        const auto made = maker.mine_empty(blocks);
        const auto store = open_rocks(path());
        const auto node = open_node(params_, *store);
        import(*node, *params_, made);
    }

    std::shared_ptr<const ChainParams> params_ = dev_params();
    TempFolder folder_;
};

void snapshot(benchmark::State& state) {
    const auto store = open_rocks(ChainOnDisk::of(static_cast<std::size_t>(state.range(0))).path());
    for (auto _ : state) benchmark::DoNotOptimize(store->snapshot());
}

/// Rows of `best` from all over the chain.
void point_get(benchmark::State& state) {
    const auto blocks = static_cast<std::uint64_t>(state.range(0));
    const auto store = open_rocks(ChainOnDisk::of(blocks).path());
    const auto snapshot = store->snapshot();
    std::uint64_t height = 0;
    for (auto _ : state) {
        height = (height + 7919) % blocks;
        const auto row = snapshot->get(Table::best, numbered(height + 1, 8));
        ENSURE(row && row->has_value());
    }
}

/// From a closed store to a node that could answer.
void open_store_and_node(benchmark::State& state) {
    const auto& chain = ChainOnDisk::of(static_cast<std::size_t>(state.range(0)));
    for (auto _ : state) {
        const auto store = open_rocks(chain.path());
        const auto node = open_node(chain.params(), *store);
        benchmark::DoNotOptimize(node->ledger().tip());
    }
}

BENCHMARK(write_64_rows)->Unit(benchmark::kMicrosecond);
BENCHMARK(snapshot)->Arg(1'000)->Arg(100'000);
BENCHMARK(point_get)->Arg(1'000)->Arg(100'000);
BENCHMARK(open_store_and_node)->Arg(1'000)->Arg(100'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace cairn::bench
