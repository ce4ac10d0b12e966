#include "core/consensus/merkle.hpp"

#include "core/crypto/sha256.hpp"

namespace cairn {
namespace {

using Level = std::vector<Hash256>;

Level leaves(std::span<const Txid> ids) {
    Level level;
    level.reserve(ids.size());
    for (const auto& id : ids) level.push_back(digest_cast<Hash256>(id));
    return level;
}

/// Replaces a level by the one above it.
void raise(Level& level) {
    const std::size_t pairs = level.size() / 2;
    for (std::size_t i = 0; i < pairs; ++i)
        level[i] = sha256d_pair(level[2 * i].bytes, level[2 * i + 1].bytes);
    // An odd node goes up unchanged. Doubling it, as Bitcoin does, would let two different lists
    // share one root (CVE-2012-2459), and a node that remembers the forged one as invalid refuses
    // the honest.
    const bool odd = level.size() % 2 != 0;
    if (odd) level[pairs] = level.back();
    level.resize(pairs + (odd ? 1 : 0));
}

}  // namespace

MerkleRoot merkle_root(std::span<const Txid> ids) {
    if (ids.empty()) return {};
    Level level = leaves(ids);
    while (level.size() > 1) raise(level);
    return digest_cast<MerkleRoot>(level.front());
}

std::vector<Hash256> merkle_branch(std::span<const Txid> ids, std::size_t position) {
    std::vector<Hash256> branch;
    if (position >= ids.size()) return branch;
    for (Level level = leaves(ids); level.size() > 1; raise(level), position /= 2) {
        const std::size_t sibling = position ^ 1;
        if (sibling < level.size()) branch.push_back(level[sibling]);
    }
    return branch;
}

MerkleRoot merkle_fold(const Txid& leaf, std::size_t position, std::size_t count,
                       std::span<const Hash256> branch) {
    if (position >= count) return {};
    auto node = digest_cast<Hash256>(leaf);
    for (std::size_t width = count; width > 1; width = width / 2 + width % 2, position /= 2) {
        const bool goes_up_alone = (position ^ 1) >= width;
        if (goes_up_alone) continue;
        if (branch.empty()) return {};
        const Hash256& sibling = branch.front();
        branch = branch.subspan(1);
        node = position % 2 == 0 ? sha256d_pair(node.bytes, sibling.bytes)
                                 : sha256d_pair(sibling.bytes, node.bytes);
    }
    if (!branch.empty()) return {};
    return digest_cast<MerkleRoot>(node);
}

}  // namespace cairn
