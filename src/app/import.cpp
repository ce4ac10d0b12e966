#include "app/import.hpp"

#include <future>

#include "app/block_checker.hpp"

namespace cairn {
namespace {

/// `ended` once the source has said so: it is not asked again.
Result<std::vector<SharedBytes>, std::string> read_batch(const BlockSource& source, bool& ended) {
    std::vector<SharedBytes> batch;
    std::size_t bytes = 0;
    while (!ended && batch.size() < kBatchBlocks && bytes < kBatchBytes) {
        auto block = source();
        if (!block) return fail(std::move(block.error()));
        ended = !*block;
        if (ended) break;
        bytes += (*block)->size();
        batch.push_back(std::make_shared<const Bytes>(std::move(**block)));
    }
    return batch;
}

Result<void, std::string> submit_batch(Node& node, const CheckedBatch& batch, Now now) {
    for (const auto& checked : batch) {
        if (!checked) return fail("a block is refused: " + checked.error().to_string());
        if (auto taken = node.submit(*checked, now); !taken)
            return fail("block " + (*checked)->header.hash.to_string() +
                        " is refused: " + taken.error().to_string());
    }
    while (node.has_more()) node.step(now);
    if (auto written = node.commit(now); !written)
        return fail("the store cannot be written: " + written.error().detail);
    return {};
}

}  // namespace

Result<void, std::string> import_blocks(Node& node, const ChainParams& chain,
                                        const BlockSource& source,
                                        const std::function<Now()>& clock,
                                        const std::function<void(std::uint64_t)>& progress) {
    CheckedBatch checked;
    std::uint64_t done = 0;
    bool ended = false;
    for (;;) {
        const auto next = read_batch(source, ended);
        if (!next) return fail(next.error());
        // While one batch is applied and written, the other cores check the next.
        std::future<CheckedBatch> checking;
        if (!next->empty())
            checking = std::async(std::launch::async, [&] { return check_blocks(*next, chain); });
        if (auto taken = submit_batch(node, checked, clock()); !taken) return taken;
        if (!checked.empty()) progress(done += checked.size());
        if (next->empty()) return {};
        checked = checking.get();
    }
}

}  // namespace cairn
