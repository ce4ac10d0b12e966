#include <benchmark/benchmark.h>
#include <malloc.h>

#include <algorithm>

#include "bench/support/measure.hpp"
#include "bench/support/stores.hpp"

/// What a long pool costs the node's thread, as thread CPU: single calls, their mean and the
/// longest.
namespace cairn::bench {
namespace {

constexpr std::size_t kMiB = 1024 * 1024;
constexpr Now kNow{1'000'000'000, kWall};

/// As admitted: nobody asks for the signature any more.
TransferPtr transfer(const Address& from, std::uint64_t nonce, std::uint64_t fee,
                     std::uint64_t amount = 1) {
    Transfer value{from, nonce, testing::nobody(9), amount, fee, {}, {}};
    return CheckedTransfer::from_store(encode(value));
}

Address sender(std::uint64_t number) {
    Hash256 hash = sha256(as_bytes(std::to_string(number)));
    Address address;
    address.bytes = hash.bytes;
    return address;
}

/// The thread's CPU for calls of one kind.
class Calls {
public:
    template <class Call>
    void time(Call call) {
        const double start = cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
        call();
        all_.push_back((cpu_seconds(CLOCK_THREAD_CPUTIME_ID) - start) * 1e6);
    }
    void tell(benchmark::State& state) {
        std::sort(all_.begin(), all_.end());
        double sum = 0;
        for (const double one : all_) sum += one;
        state.counters["calls"] = static_cast<double>(all_.size());
        state.counters["us_mean"] = sum / static_cast<double>(all_.size());
        state.counters["us_p99"] = all_[all_.size() * 99 / 100];
        state.counters["us_max"] = all_.back();
    }

private:
    std::vector<double> all_;
};

struct LongPool {
    /// `each` transfers of each of so many senders.
    LongPool(std::size_t senders, std::uint64_t each, PoolLimits limits = roomy()) : pool{limits} {
        for (std::uint64_t nonce = 0; nonce < each; ++nonce)
            for (std::size_t i = 0; i < senders; ++i) ENSURE(add(transfer(sender(i), nonce, 100)));
    }
    static PoolLimits roomy() {
        PoolLimits limits;
        limits.bytes = 4096 * kMiB;
        return limits;
    }
    bool add(const TransferPtr& one) {
        return pool.add(one, Account{100 * Amount::kUnitsPerCoin, 0}, kNow, rows).has_value();
    }
    MemoryStore store;
    Staged rows{store.snapshot()};
    Pool pool;
};

void add_at_200000(benchmark::State& state) {
    LongPool filled{200, 1'000};
    std::vector<TransferPtr> more;
    for (std::size_t i = 0; i < 10'000; ++i)
        more.push_back(transfer(sender(i % 200), 1'000 + i / 200, 50 + i % 100));
    Calls calls;
    for (auto _ : state)
        for (const auto& one : more) calls.time([&] { ENSURE(filled.add(one)); });
    calls.tell(state);
}

/// Of one sender with 5,000 waiting: the first, the last, any, in a pool of 100,000.
void replace_at_5000(benchmark::State& state) {
    LongPool filled{20, 5'000};
    std::vector<TransferPtr> better;
    for (std::uint64_t i = 0; i < 4'000; ++i) {
        const std::uint64_t nonce = i % 3 == 0 ? 0 : i % 3 == 1 ? 4'999 : i * 7919 % 4'998 + 1;
        better.push_back(transfer(sender(i % 20), nonce, 120 + i * i / 8, 1));
    }
    Calls calls;
    std::size_t replaced = 0;
    for (auto _ : state)
        for (const auto& one : better) calls.time([&] { replaced += filled.add(one) ? 1 : 0; });
    calls.tell(state);
    state.counters["replaced"] = static_cast<double>(replaced);
}

/// A full pool: each newcomer pushes the cheapest out.
void evict_at_200000(benchmark::State& state) {
    PoolLimits limits;
    {
        LongPool measured{200, 1'000};
        limits.bytes = measured.pool.size(kNow).memory;
    }
    LongPool filled{200, 1'000, limits};
    std::vector<TransferPtr> richer;
    for (std::size_t i = 0; i < 10'000; ++i)
        richer.push_back(transfer(sender(1'000 + i % 50), i / 50, 200 + i));
    Calls calls;
    std::size_t added = 0;
    for (auto _ : state)
        for (const auto& one : richer) calls.time([&] { added += filled.add(one) ? 1 : 0; });
    calls.tell(state);
    state.counters["added"] = static_cast<double>(added);
}

/// A node with `range` pending transfers of 1,000 senders leaves a block of 10 transfers for two
/// empty ones.
void reorganise_with_pending(benchmark::State& state) {
    const auto params = dev_params();
    ChainMaker left{params, 1};
    TransferMaker mined{params, 10};
    const auto leaving = block_from_store(left.mine(mined.take(10)));
    ChainMaker right{params, 2};
    std::vector<BlockPtr> joining;
    for (const auto& bytes : right.mine_empty(2)) joining.push_back(block_from_store(bytes));

    MemoryStore store;
    NodeOptions options;
    options.pool.bytes = 4096 * kMiB;
    auto opened = Node::open(params, store, options, kNow);
    ENSURE(opened.has_value());
    Node& node = **opened;
    const auto pending = static_cast<std::uint64_t>(state.range(0));
    for (std::uint64_t i = 0; i < pending; ++i)
        ENSURE(node.submit(transfer(sender(i % 1'000), i / 1'000, 10), kNow).has_value());
    ENSURE(node.submit(leaving, kNow).has_value());
    ENSURE(node.commit(kNow).has_value());
    ENSURE(node.submit(joining[0], kNow).has_value());
    Calls calls;
    for (auto _ : state) {
        calls.time([&] { ENSURE(node.submit(joining[1], kNow).has_value()); });
        while (node.has_more()) calls.time([&] { node.step(kNow); });
    }
    ENSURE(node.ledger().tip().hash == joining[1]->header.hash);
    ENSURE(node.pool().size(kNow).transfers == pending + 10);
    calls.tell(state);
}

/// One block that makes 5,000 transfers of each of 30 senders impossible.
void drop_150000(benchmark::State& state) {
    LongPool filled{30, 5'000};
    auto block = std::make_shared<CheckedBlock>();
    for (std::size_t i = 0; i < 30; ++i) block->transfers.push_back(transfer(sender(i), 0, 7, 77));
    const auto blocks = [&](const BlockHash&) { return block; };
    const auto poor = [](const Address&) { return Account{0, 1}; };
    Calls calls;
    for (auto _ : state) {
        calls.time([&] {
            (void)filled.pool.settle({{}, {BlockHash{}}}, blocks, poor, kNow, filled.rows);
        });
        while (filled.pool.has_more())
            calls.time([&] { (void)filled.pool.go_on(blocks, poor, kNow, filled.rows); });
    }
    ENSURE(filled.pool.size(kNow).transfers == 0);
    calls.tell(state);
}

/// The start of a node on a store with `range` pending transfers, and what they take of memory.
void load(benchmark::State& state, std::uint64_t each) {
    const auto count = static_cast<std::uint64_t>(state.range(0));
    const TempFolder folder;
    const auto params = dev_params();
    NodeOptions options;
    options.pool.bytes = 4096 * kMiB;
    {
        const auto store = open_rocks(folder.path("store"));
        auto node = std::move(*Node::open(params, *store, options, kNow));
        for (std::uint64_t i = 0; i < count; ++i) {
            ENSURE(node->submit(transfer(sender(i / each), i % each, 10), kNow).has_value());
            if (i % 10'000 == 9'999) ENSURE(node->commit(kNow).has_value());
        }
        ENSURE(node->commit(kNow).has_value());
    }
    for (auto _ : state) {
        const auto store = open_rocks(folder.path("store"));
        double wall = 0;
        const double start = cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
        std::unique_ptr<Node> node;
        wall = seconds_of([&] { node = std::move(*Node::open(params, *store, options, kNow)); });
        state.counters["s_cpu"] = cpu_seconds(CLOCK_THREAD_CPUTIME_ID) - start;
        state.counters["s_wall"] = wall;
        ENSURE(node->pool().size(kNow).transfers == count);
    }
    // The pool alone, by what the heap says it gave.
    const auto store = open_rocks(folder.path("store"));
    const Staged seen{store->snapshot()};
    malloc_trim(0);
    Staged rows{store->snapshot()};
    const auto before = mallinfo2();
    Pool pool{options.pool};
    (void)pool.load(
        [](const Address&) {
            return Account{100 * Amount::kUnitsPerCoin, 0};
        },
        kNow, rows);
    const auto after = mallinfo2();
    const auto taken = static_cast<double>(after.uordblks + after.hblkhd) -
                       static_cast<double>(before.uordblks + before.hblkhd);
    state.counters["bytes_each_real"] = taken / static_cast<double>(count);
    state.counters["bytes_each_counted"] =
        static_cast<double>(pool.size(kNow).memory) / static_cast<double>(count);
}

/// What a template takes of a pool of `range`: a block of 4 MiB.
void best_of(benchmark::State& state) {
    LongPool filled{200, static_cast<std::uint64_t>(state.range(0)) / 200};
    Calls calls;
    for (auto _ : state)
        calls.time([&] { benchmark::DoNotOptimize(filled.pool.best(4 * kMiB).size()); });
    calls.tell(state);
}

constexpr auto kMs = benchmark::kMillisecond;
BENCHMARK(add_at_200000)->Iterations(1)->Unit(kMs);
BENCHMARK(replace_at_5000)->Iterations(1)->Unit(kMs);
BENCHMARK(evict_at_200000)->Iterations(1)->Unit(kMs);
BENCHMARK(reorganise_with_pending)->Arg(150'000)->Iterations(1)->Unit(kMs);
BENCHMARK(drop_150000)->Iterations(1)->Unit(kMs);
BENCHMARK(best_of)->Arg(200'000)->Iterations(10)->Unit(kMs);
BENCHMARK_CAPTURE(load, of_1000_a_sender, 1'000)->Arg(1'000'000)->Iterations(1)->Unit(kMs);
BENCHMARK_CAPTURE(load, of_1_a_sender, 1)->Arg(200'000)->Iterations(1)->Unit(kMs);

}  // namespace
}  // namespace cairn::bench
