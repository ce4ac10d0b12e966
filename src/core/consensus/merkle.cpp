#include "core/consensus/merkle.hpp"

#include <algorithm>

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

/// Hashes `pairs` pairs of a level from pair `from` on, in place.
void pair_up(Level& level, std::size_t from, std::size_t pairs) {
    for (std::size_t i = from; i < from + pairs; ++i)
        level[i] = sha256d_pair(level[2 * i].bytes, level[2 * i + 1].bytes);
}

/// Once all pairs are hashed: leaves the level above.
void finish(Level& level) {
    const std::size_t pairs = level.size() / 2;
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
    while (level.size() > 1) {
        pair_up(level, 0, level.size() / 2);
        finish(level);
    }
    return digest_cast<MerkleRoot>(level.front());
}

MerkleWalk::MerkleWalk(std::span<const Txid> ids, std::size_t position) : position_{position} {
    if (position >= ids.size()) return;
    level_ = leaves(ids);
    note_sibling();
}

bool MerkleWalk::step(std::size_t pairs) {
    while (level_.size() > 1) {
        const std::size_t now = std::min(pairs, level_.size() / 2 - done_);
        pair_up(level_, done_, now);
        done_ += now;
        pairs -= now;
        if (done_ < level_.size() / 2) return true;
        finish(level_);
        done_ = 0;
        position_ /= 2;
        note_sibling();
    }
    return false;
}

void MerkleWalk::note_sibling() {
    const std::size_t sibling = position_ ^ 1;
    if (level_.size() > 1 && sibling < level_.size()) branch_.push_back(level_[sibling]);
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
