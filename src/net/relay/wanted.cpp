#include "net/relay/wanted.hpp"

#include <algorithm>

#include "net/limits.hpp"

namespace cairn::net {
namespace {

/// A verdict that takes longer got lost on its way. Milliseconds.
constexpr Tick kCheckWithin = 60'000;

}  // namespace

void Wanted::set_due(Items::value_type& item, std::optional<Tick> until) {
    auto& [id, state] = item;
    if (state.due) due_.erase(*state.due);
    state.due.reset();
    if (until) state.due = due_.emplace(std::pair{*until, state.order}, id).first;
}

void Wanted::erase(Items::iterator item) {
    set_due(*item, std::nullopt);
    items_.erase(item);
}

bool Wanted::add(PeerId peer, const Txid& id) {
    if (!by_peer_.try_emplace(peer, 0, mark_).first->second.insert(id).second) return false;
    const auto [item, fresh] = items_.try_emplace(id);
    if (fresh) item->second.order = next_order_++;
    item->second.announcers.push_back(peer);
    return !item->second.due;
}

bool Wanted::is_announced_by(PeerId peer, const Txid& id) const {
    const auto ids = by_peer_.find(peer);
    return ids != by_peer_.end() && ids->second.contains(id);
}

std::size_t Wanted::count(PeerId peer) const {
    const auto ids = by_peer_.find(peer);
    return ids == by_peer_.end() ? 0 : ids->second.size();
}

void Wanted::asked(const Txid& id, Tick now) {
    const auto item = items_.find(id);
    if (item != items_.end()) set_due(*item, now + limits::kTransferWithin);
}

bool Wanted::arrived(PeerId peer, const Txid& id, Tick now) {
    const auto item = items_.find(id);
    if (item == items_.end() || item->second.checking || !is_announced_by(peer, id)) return false;
    item->second.checking = true;
    set_due(*item, now + kCheckWithin);
    return true;
}

std::optional<PeerId> Wanted::gone(PeerId peer, const Txid& id) {
    const auto ids = by_peer_.find(peer);
    if (ids == by_peer_.end() || ids->second.erase(id) == 0) return std::nullopt;
    return without(peer, id);
}

std::optional<PeerId> Wanted::without(PeerId peer, const Txid& id) {
    const auto found = items_.find(id);
    Item& item = found->second;
    const bool was_its_turn = item.announcers.front() == peer;
    std::erase(item.announcers, peer);
    if (item.checking) return std::nullopt;
    if (item.announcers.empty()) {
        erase(found);
        return std::nullopt;
    }
    if (!was_its_turn) return std::nullopt;
    set_due(*found, std::nullopt);
    return item.announcers.front();
}

void Wanted::settle(const Txid& id) {
    const auto item = items_.find(id);
    if (item == items_.end()) return;
    for (const auto peer : item->second.announcers) by_peer_.at(peer).erase(id);
    erase(item);
}

std::vector<Wanted::Next> Wanted::leave(PeerId peer) {
    std::vector<Next> next;
    const auto announced = by_peer_.extract(peer);
    if (announced.empty()) return next;
    for (const auto& id : announced.mapped())
        if (const auto other = without(peer, id)) next.push_back({*other, id});
    return in_order(std::move(next));
}

bool Wanted::has_overdue(Tick now) const {
    return !due_.empty() && due_.begin()->first.first < now;
}

std::vector<Wanted::Next> Wanted::overdue(Tick now, std::size_t most, std::set<PeerId>& late) {
    std::vector<Next> next;
    for (; most > 0 && has_overdue(now); --most) {
        const Txid id = due_.begin()->second;
        const Item& item = items_.at(id);
        if (item.checking) {
            settle(id);
            continue;
        }
        const PeerId owes = item.announcers.front();
        late.insert(owes);
        if (const auto other = gone(owes, id)) next.push_back({*other, id});
    }
    return in_order(std::move(next));
}

std::vector<Wanted::Next> Wanted::in_order(std::vector<Next> all) const {
    std::sort(all.begin(), all.end(), [&](const Next& a, const Next& b) {
        return items_.at(a.id).order < items_.at(b.id).order;
    });
    return all;
}

}  // namespace cairn::net
