#include "net/peers/book.hpp"

#include <algorithm>
#include <tuple>

#include "net/limits.hpp"

namespace cairn::net {
namespace {

constexpr std::size_t kDrawn = 8;
constexpr UnixSeconds kSeenEvery = 3'600;

template <class Bans>
UnixSeconds left_of(const Bans& bans, const typename Bans::key_type& who, Now now) {
    const auto found = bans.find(who);
    return found == bans.end() ? 0 : found->second.left(now);
}

template <class Bans>
typename Bans::const_iterator first_over(const Bans& bans) {
    return std::min_element(bans.begin(), bans.end(), [](const auto& a, const auto& b) {
        return a.second.over < b.second.over;
    });
}

}  // namespace

/// A ban that would last longer than any does was made by a clock that has been set back since.
bool Book::shorten(BookEntry& entry, Now now) {
    auto* const of_key = std::get_if<KeyBan>(&entry);
    auto* const of_ip = std::get_if<IpBan>(&entry);
    UnixSeconds* const until = of_key != nullptr  ? &of_key->until
                               : of_ip != nullptr ? &of_ip->until
                                                  : nullptr;
    const UnixSeconds most = now.wall + limits::kBanSeconds;
    if (until == nullptr || *until <= most) return false;
    *until = most;
    return true;
}

UnixSeconds Book::Ban::left(Now now) const {
    if (now.wall >= until || now.steady >= over) return 0;
    const auto steady = static_cast<UnixSeconds>((over - now.steady + 999) / 1000);
    return std::min(until - now.wall, steady);
}

void Book::put(const BookEntry& entry, Staged& rows) {
    rows.put(Table::peers, key_of(entry), value_of(entry));
}

void Book::erase(const BookEntry& entry, Staged& rows) { rows.erase(Table::peers, key_of(entry)); }

Book::Ban Book::ban_until(UnixSeconds until, Now now) {
    return {until, now.steady + Tick{until - now.wall} * 1000};
}

bool Book::take(BookEntry entry, Now now) {
    if (auto* node = std::get_if<RegisteredNode>(&entry)) {
        if (full()) return false;
        registered_.push_back(std::move(*node));
    } else if (auto* learnt = std::get_if<LearntNode>(&entry)) {
        if (learnt_.size() >= limits::kLearnt) return false;
        const NodeAddress address = learnt->address;
        learnt_.emplace(address, std::move(*learnt));
    } else if (const auto* of_key = std::get_if<KeyBan>(&entry)) {
        if (of_key->until <= now.wall || key_bans_.size() >= limits::kBans) return false;
        key_bans_.emplace(of_key->key, ban_until(of_key->until, now));
    } else if (const auto* of_ip = std::get_if<IpBan>(&entry)) {
        if (of_ip->until <= now.wall || ip_bans_.size() >= limits::kBans) return false;
        ip_bans_.emplace(of_ip->ip, ban_until(of_ip->until, now));
    } else {
        silent_ = true;
    }
    return true;
}

std::size_t Book::load(Staged& rows, Now now) {
    std::size_t damaged = 0;
    Bytes from;
    for (;;) {
        const auto page = rows.scan(Table::peers, from, {}, Bounds{});
        if (page.empty()) break;
        for (const auto& row : page) {
            auto entry = decode_entry(row.key, *row.value);
            if (!entry) ++damaged;
            if (entry && shorten(*entry, now)) put(*entry, rows);
            if (!entry || !take(std::move(*entry), now)) rows.erase(Table::peers, row.key);
        }
        from = page.back().key;
        from.push_back(0);
    }
    std::sort(registered_.begin(), registered_.end(), [](const auto& a, const auto& b) {
        return std::tie(a.added, a.address) < std::tie(b.added, b.address);
    });
    return damaged;
}

const RegisteredNode* Book::find(const NodeAddress& address) const {
    const auto found = std::find_if(registered_.begin(), registered_.end(),
                                    [&](const auto& node) { return node.address == address; });
    return found == registered_.end() ? nullptr : &*found;
}

bool Book::is_registered(const NodeKey& key) const {
    return std::any_of(registered_.begin(), registered_.end(),
                       [&](const auto& node) { return node.key == key; });
}

bool Book::full() const { return registered_.size() >= limits::kRegistered; }

void Book::add(const NodeAddress& address, UnixSeconds now, Staged& rows) {
    registered_.push_back({address, std::nullopt, now});
    put(registered_.back(), rows);
}

bool Book::remove(const NodeAddress& address, Staged& rows) {
    const auto found = std::find_if(registered_.begin(), registered_.end(),
                                    [&](const auto& node) { return node.address == address; });
    if (found == registered_.end()) return false;
    erase(*found, rows);
    registered_.erase(found);
    return true;
}

void Book::pin(const NodeAddress& address, const NodeKey& key, Staged& rows) {
    for (auto& node : registered_) {
        if (node.address != address || node.key) continue;
        node.key = key;
        put(node, rows);
    }
}

void Book::learn(const LearntNode& node, Random& random, Staged& rows) {
    const auto known = learnt_.find(node.address);
    if (known != learnt_.end()) {
        // A time in the future is that of a clock that has been set back since.
        if (known->second.key == node.key && node.seen >= known->second.seen &&
            node.seen < known->second.seen + kSeenEvery)
            return;
        known->second = node;
        put(node, rows);
        return;
    }
    if (learnt_.size() >= limits::kLearnt) {
        auto oldest = learnt_.end();
        for (std::size_t i = 0; i < kDrawn; ++i) {
            const auto drawn = std::next(learnt_.begin(),
                                         static_cast<std::ptrdiff_t>(random.below(learnt_.size())));
            if (oldest == learnt_.end() || drawn->second.seen < oldest->second.seen) oldest = drawn;
        }
        erase(oldest->second, rows);
        learnt_.erase(oldest);
    }
    learnt_.emplace(node.address, node);
    put(node, rows);
}

void Book::forget(const NodeAddress& address, Staged& rows) {
    const auto known = learnt_.find(address);
    if (known == learnt_.end()) return;
    erase(known->second, rows);
    learnt_.erase(known);
}

UnixSeconds Book::banned_for(const NodeKey& key, Now now) const {
    return left_of(key_bans_, key, now);
}

UnixSeconds Book::banned_for(const IpBytes& ip, Now now) const {
    return left_of(ip_bans_, ip, now);
}

void Book::ban(const NodeKey& key, UnixSeconds seconds, Now now, Staged& rows) {
    if (key_bans_.size() >= limits::kBans && !key_bans_.contains(key))
        lift(NodeKey{first_over(key_bans_)->first}, rows);
    const Ban ban = ban_until(now.wall + seconds, now);
    key_bans_[key] = ban;
    put(KeyBan{key, ban.until}, rows);
}

void Book::ban(const IpBytes& ip, UnixSeconds seconds, Now now, Staged& rows) {
    if (ip_bans_.size() >= limits::kBans && !ip_bans_.contains(ip)) {
        const auto first = first_over(ip_bans_);
        erase(IpBan{first->first, 0}, rows);
        ip_bans_.erase(first);
    }
    const Ban ban = ban_until(now.wall + seconds, now);
    ip_bans_[ip] = ban;
    put(IpBan{ip, ban.until}, rows);
}

void Book::lift(const NodeKey& key, Staged& rows) {
    if (key_bans_.erase(key) > 0) erase(KeyBan{key, 0}, rows);
}

void Book::lift_expired(Now now, Staged& rows) {
    std::erase_if(key_bans_, [&](const auto& ban) {
        if (ban.second.left(now) > 0) return false;
        erase(KeyBan{ban.first, 0}, rows);
        return true;
    });
    std::erase_if(ip_bans_, [&](const auto& ban) {
        if (ban.second.left(now) > 0) return false;
        erase(IpBan{ban.first, 0}, rows);
        return true;
    });
}

void Book::set_silent(bool silent, Staged& rows) {
    if (silent == silent_) return;
    silent_ = silent;
    if (silent)
        put(SilentMark{}, rows);
    else
        erase(SilentMark{}, rows);
}

}  // namespace cairn::net
