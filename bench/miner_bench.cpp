#include <benchmark/benchmark.h>

#include <chrono>

#include "core/crypto/sha256.hpp"
#include "miner/search.hpp"
#include "miner/search_kernel.hpp"

namespace cairn {
namespace {

constexpr std::uint64_t kNonces = 100'000;

BlockHeader sample_header() {
    BlockHeader header;
    header.previous_hash.bytes.fill(0x5a);
    header.merkle_root.bytes.fill(0xa5);
    header.time = 1'790'000'000;
    return header;
}

/// Two compressions a nonce and nothing else: what a search that only calls them could reach at
/// best.
void plain_transforms(std::uint64_t nonces) {
    const auto transform = sha256_impl::best_transform();
    std::array<std::uint8_t, 64> block{};
    for (std::uint64_t i = 0; i < nonces; ++i) {
        auto first = sha256_impl::kInitialState;
        auto second = sha256_impl::kInitialState;
        block[0] = static_cast<std::uint8_t>(i);
        transform(first, block.data(), 1);
        transform(second, block.data(), 1);
        benchmark::DoNotOptimize(first);
        benchmark::DoNotOptimize(second);
    }
}

template <class Work>
double seconds_of(Work work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Both loops take turns within one run, so that a busy machine slows both alike.
void run(benchmark::State& state, search_impl::Kernel kernel) {
    const BlockHeader header = sample_header();
    double search_seconds = 0;
    double plain_seconds = 0;
    std::uint64_t first = 0;
    for (auto _ : state) {
        search_seconds += seconds_of([&] {
            benchmark::DoNotOptimize(search_impl::search_with(
                kernel, header, {static_cast<std::uint32_t>(first), kNonces}, U256{1}));
        });
        plain_seconds += seconds_of([] { plain_transforms(kNonces); });
        first = (first + kNonces) % (std::uint64_t{1} << 31);
    }
    const double nonces = static_cast<double>(kNonces) * static_cast<double>(state.iterations());
    state.counters["hashes_per_second"] = nonces / search_seconds;
    state.counters["of_plain_transforms"] = plain_seconds / search_seconds;
}

void search_best(benchmark::State& state) {
    run(state, sha256_impl::has_shani() ? search_impl::find_shani : search_impl::find_portable);
}
void search_portable(benchmark::State& state) { run(state, search_impl::find_portable); }

BENCHMARK(search_best)->Unit(benchmark::kMillisecond);
BENCHMARK(search_portable)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace cairn
