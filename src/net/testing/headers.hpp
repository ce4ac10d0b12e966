#pragma once

#include "ledger/testing/machine.hpp"
#include "net/limits.hpp"

namespace cairn::net::testing {

/// Headers without bodies on top of a known one, each with its proof of work.
class HeaderMiner {
public:
    HeaderMiner(BlockHash parent, UnixSeconds time, CompactBits bits = CompactBits{0x207fffff},
                UnixSeconds spacing = 15)
        : parent_{parent}, time_{time}, bits_{bits}, spacing_{spacing} {}

    HashedHeader next() {
        BlockHeader header;
        header.previous_hash = parent_;
        header.time = time_ += spacing_;
        header.bits = bits_;
        HashedHeader mined = hashed(header);
        while (!check_work(mined)) {
            ++header.nonce;
            mined = hashed(header);
        }
        parent_ = mined.hash;
        return mined;
    }
    std::vector<HashedHeader> next(std::size_t count) {
        std::vector<HashedHeader> headers;
        headers.reserve(count);
        while (headers.size() < count) headers.push_back(next());
        return headers;
    }

private:
    BlockHash parent_;
    UnixSeconds time_;
    CompactBits bits_;
    UnixSeconds spacing_;
};

/// What a message holds of a list of headers from a place on.
[[nodiscard]] inline std::vector<HashedHeader> slice(const std::vector<HashedHeader>& all,
                                                     std::size_t from,
                                                     std::size_t count = limits::kHeaders) {
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(std::min(from, all.size()));
    const auto end = all.begin() + static_cast<std::ptrdiff_t>(std::min(all.size(), from + count));
    return {begin, end};
}

/// Makes a ledger believe that its tip stands for more work than it took to mine.
inline void claim_work(cairn::testing::Machine& machine, const ChainWork& work) {
    Tip tip = machine.tip();
    auto record = tables::header(*machine.rows, tip.hash);
    tip.work = record->work = work;
    tables::put_tip(*machine.rows, tip);
    tables::put_header(*machine.rows, tip.hash, *record);
    machine.write();
    machine.open();
}

/// A chain of adjusted difficulty on which the easiest target is met at the second try.
[[nodiscard]] inline ChainSpec adjusted_spec() {
    ChainSpec spec = cairn::testing::easy_spec();
    spec.mode = DifficultyMode::asert;
    spec.spacing = 15;
    spec.half_life = 3600;
    return spec;
}

}  // namespace cairn::net::testing
