#include "app/block_checker.hpp"

#include <atomic>
#include <optional>
#include <thread>

namespace cairn {

CheckedBatch check_blocks(const std::vector<SharedBytes>& blocks, const ChainParams& chain) {
    std::vector<std::optional<Result<BlockPtr, Rejection>>> verdicts(blocks.size());
    std::atomic<std::size_t> next{0};
    const auto work = [&] {
        for (std::size_t i = next++; i < blocks.size(); i = next++)
            verdicts[i] = check_block(blocks[i], chain, {});
    };
    {
        std::vector<std::jthread> threads;
        for (unsigned i = 1; i < std::thread::hardware_concurrency(); ++i)
            threads.emplace_back(work);
        work();
    }
    CheckedBatch batch;
    batch.reserve(verdicts.size());
    for (auto& verdict : verdicts) batch.push_back(std::move(*verdict));
    return batch;
}

}  // namespace cairn
