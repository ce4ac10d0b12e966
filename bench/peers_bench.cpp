#include <benchmark/benchmark.h>

#include "bench/support/measure.hpp"
#include "core/crypto/sha256.hpp"
#include "core/primitives/codec.hpp"
#include "net/protocol/codec.hpp"

namespace cairn::bench {
namespace {

constexpr std::size_t kFrames = 200'000;

/// `headers` messages of one header each, none of which has its work.
std::vector<Bytes> frames_without_work() {
    std::vector<Bytes> out;
    out.reserve(kFrames);
    BlockHeader header;
    header.bits = CompactBits{0x1d00ffff};
    for (std::size_t i = 0; i < kFrames; ++i) {
        header.nonce = static_cast<std::uint32_t>(i);
        out.push_back(net::encode(net::Headers{{HashedHeader{header, {}}}}));
    }
    return out;
}

/// CPU time, so that the figure is a core's whatever else runs.
template <class Work>
double core_seconds_of(Work work) {
    const double before = cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
    work();
    return cpu_seconds(CLOCK_THREAD_CPUTIME_ID) - before;
}

/// What one core refuses of a flood of headers without work, beside one that only hashes them.
void refuse_headers_without_work(benchmark::State& state) {
    const auto frames = frames_without_work();
    double refusing = 0;
    double hashing = 0;
    for (auto _ : state) {
        auto copies = frames;
        refusing += core_seconds_of([&] {
            for (Bytes& frame : copies) ENSURE(!net::decode(std::move(frame), 1 << 20));
        });
        hashing += core_seconds_of([&] {
            for (const Bytes& frame : frames)
                benchmark::DoNotOptimize(sha256d(ByteView{frame}.last(BlockHeader::kSize)));
        });
    }
    const auto count = static_cast<double>(state.iterations()) * kFrames;
    state.counters["refused_per_s"] = count / refusing;
    state.counters["hashed_per_s"] = count / hashing;
    state.counters["ratio"] = hashing / refusing;
}
BENCHMARK(refuse_headers_without_work)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace cairn::bench
