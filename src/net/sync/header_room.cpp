#include "net/sync/header_room.hpp"

#include "net/sync/bodies.hpp"

namespace cairn::net {
namespace {

constexpr std::size_t kLookedAtOnce = 120;  // headers; each costs several reads
constexpr std::size_t kAbandoned = 4'096;   // ends; what is beyond is found by the sweep
/// How long a process waits for its peers to show again what a former one had of them. ms.
constexpr Tick kLeftAfter = 600'000;

}  // namespace

HeaderRoom::Ends HeaderRoom::ends_shown() const {
    Ends ends;
    for (const auto& [id, peer] : peers_)
        if (peer.best) ends.insert(peer.best->hash);
    return ends;
}

bool HeaderRoom::make(std::size_t count, const BlockHash& parent, Chain chain) {
    const auto fits = [&] { return chain.ledger.bare() + count <= most_; };
    if (!fits() && count <= most_) sweep(most_ - count, true, {parent}, chain);
    return fits();
}

void HeaderRoom::abandon(const BlockHash& end) {
    if (abandoned_.size() < kAbandoned) abandoned_.push_back(end);
}

void HeaderRoom::on_tick(Chain chain, Now now) {
    if (!since_) since_ = now.steady;
    if (chain.ledger.bare() == 0) {
        abandoned_.clear();
        return;
    }
    const Ends shown = ends_shown();
    forget_abandoned(kLookedAtOnce, shown, chain);
    // Room is made before anybody asks for it.
    const std::size_t many = most_ / 16 * 15;
    if (chain.ledger.bare() > many)
        sweep(many, true, {}, chain);
    else if (now.steady >= *since_ + kLeftAfter)
        sweep(0, false, shown, chain);
}

void HeaderRoom::forget_abandoned(std::size_t most, const Ends& shown, Chain chain) {
    std::size_t ends = abandoned_.size();
    for (std::size_t looked = 0; looked < most && ends > 0; ++looked) {
        const BlockHash at = abandoned_.front();
        const auto record = chain.ledger.header(chain.rows, at);
        const bool stays = !record || record->has_body || record->invalid || shown.contains(at);
        const bool on_path = !stays && bodies_.is_on_path(record->height, at);
        // What stands on it has an end of its own, which comes down to here if it is abandoned.
        if (!stays && !on_path && chain.ledger.forget(at, chain.rows)) {
            abandoned_.front() = record->header.previous_hash;
            continue;
        }
        abandoned_.pop_front();
        if (on_path) abandoned_.push_back(at);  // until another branch is fetched
        --ends;
    }
}

/// Goes on through all of them, the highest first, `until` so many are left. That one was found
/// invalid is remembered as long as there is room for it.
void HeaderRoom::sweep(std::size_t until, bool crowded, const Ends& kept, Chain chain) {
    for (std::size_t left = kLookedAtOnce, rounds = 0; left > 0 && rounds < 2;) {
        const std::size_t looked = sweep_page(left, until, crowded, kept, chain);
        if (chain.ledger.bare() <= until) return;
        if (looked < left) ++rounds;  // the end: once more from the highest down
        left -= looked;
    }
}

/// How many it looked at; fewer than `most` at the end of all.
std::size_t HeaderRoom::sweep_page(std::size_t most, std::size_t until, bool crowded,
                                   const Ends& kept, Chain chain) {
    const auto page = tables::bare_headers(chain.rows, swept_, most);
    for (const auto& bare : page) {
        if (chain.ledger.bare() <= until) return page.size();
        swept_ = bare;
        if (kept.contains(bare.hash) || bodies_.is_on_path(bare.height, bare.hash)) continue;
        const auto record = chain.ledger.header(chain.rows, bare.hash);
        if (record && record->invalid && !crowded) continue;
        (void)chain.ledger.forget(bare.hash, chain.rows);
    }
    if (page.size() < most) swept_.reset();
    return page.size();
}

}  // namespace cairn::net
