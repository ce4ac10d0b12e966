#include "api/session/login_room.hpp"

#include <algorithm>
#include <iterator>

namespace cairn {
namespace {

/// The key with the highest count; of equals the first.
template <class Key>
Key fullest_of(const std::map<Key, std::size_t>& counts) {
    return std::max_element(counts.begin(), counts.end(),
                            [](const auto& a, const auto& b) { return a.second < b.second; })
        ->first;
}

}  // namespace

/// `kFree` tries are spent one after another, and come back in the same order.
bool LoginRoom::Name::has_try(Tick now) const { return now >= try_at(); }

Tick LoginRoom::Name::try_at() const {
    constexpr Tick kAhead = (kFree - 1) * kEvery;
    return spent_until > kAhead ? spent_until - kAhead : 0;
}

LoginRoom::Ticket LoginRoom::enter(std::string name, const Source& source, Tick now) {
    forget_idle(now);
    const Ticket ticket = ++last_ticket_;
    ++names_[name].waiting;
    const auto own = waiting_.emplace(ticket, Waiter{std::move(name), source, now}).first;
    if (names_.at(own->second.name).waiting > kOfNameMax) {
        make_room(std::string{own->second.name}, now);
    } else if (waiting_.size() > kWaitingMax) {
        std::map<std::string, std::size_t> counts;
        for (const auto& [other, waiter] : waiting_) ++counts[waiter.name];
        make_room(fullest_of(counts), now);
    }
    return ticket;
}

void LoginRoom::make_room(const std::string& fullest, Tick now) {
    std::map<Source, std::size_t> counts;
    for (const auto& [ticket, waiter] : waiting_)
        if (waiter.name == fullest) ++counts[waiter.source];
    const Source source = fullest_of(counts);
    std::vector<std::map<Ticket, Waiter>::iterator> candidates;
    for (auto waiter = waiting_.begin(); waiter != waiting_.end(); ++waiter)
        if (waiter->second.name == fullest && waiter->second.source == source)
            candidates.push_back(waiter);
    const auto out = candidates[draw_(candidates.size())];
    put_out_.emplace(out->first, now + kEvery);
    remove(out);
}

void LoginRoom::remove(std::map<Ticket, Waiter>::iterator waiter) {
    --names_.find(waiter->second.name)->second.waiting;
    waiting_.erase(waiter);
}

void LoginRoom::leave(Ticket ticket) {
    put_out_.erase(ticket);
    if (const auto waiter = waiting_.find(ticket); waiter != waiting_.end()) remove(waiter);
}

std::optional<LoginRoom::Ticket> LoginRoom::next(Tick now) {
    forget_idle(now);
    if (std::none_of(names_.begin(), names_.end(), [now](const auto& name) {
            return name.second.waiting > 0 && name.second.has_try(now);
        }))
        return std::nullopt;
    using Tickets = std::vector<Ticket>;
    std::map<Source, std::map<std::string_view, Tickets>> ready;
    for (const auto& [ticket, waiter] : waiting_)
        if (names_.find(waiter.name)->second.has_try(now))
            ready[waiter.source][waiter.name].push_back(ticket);
    const auto any_of = [this](const auto& from) {
        return std::next(from.begin(), static_cast<std::ptrdiff_t>(draw_(from.size())));
    };
    const auto source = any_of(ready);
    const auto name = any_of(source->second);
    const Ticket ticket = *any_of(name->second);
    Name& spent = names_.find(name->first)->second;
    spent.spent_until = std::max(spent.spent_until, now) + kEvery;
    remove(waiting_.find(ticket));
    return ticket;
}

void LoginRoom::was_right(std::string_view name, Tick now) {
    const auto found = names_.find(name);
    if (found == names_.end()) return;
    Tick& spent_until = found->second.spent_until;
    spent_until -= std::min(spent_until, kEvery);
    forget_idle(now);
}

std::vector<LoginRoom::Ticket> LoginRoom::refused(Tick now) {
    std::vector<Ticket> out;
    for (auto at = put_out_.begin(); at != put_out_.end();) {
        if (at->second > now && put_out_.size() <= kPutOutMax) {
            ++at;
            continue;
        }
        out.push_back(at->first);
        at = put_out_.erase(at);
    }
    while (!waiting_.empty() && now >= waiting_.begin()->second.since + kLongest) {
        out.push_back(waiting_.begin()->first);
        remove(waiting_.begin());
    }
    return out;
}

std::optional<Tick> LoginRoom::next_look(Tick now) const {
    std::optional<Tick> at;
    const auto sooner = [&at](Tick other) { at = at ? std::min(*at, other) : other; };
    for (const auto& [name, record] : names_)
        if (record.waiting > 0) sooner(record.try_at());
    for (const auto& [ticket, when] : put_out_) sooner(when);
    if (!waiting_.empty()) sooner(waiting_.begin()->second.since + kLongest);
    return at ? std::optional{std::max(*at, now)} : std::nullopt;
}

void LoginRoom::forget_idle(Tick now) {
    std::erase_if(names_, [now](const auto& name) {
        return name.second.waiting == 0 && name.second.spent_until <= now;
    });
}

}  // namespace cairn
