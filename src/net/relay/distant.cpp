#include "net/relay/distant.hpp"

#include <algorithm>

namespace cairn::net {

bool Distant::note(const Address& sender, const Entry& entry) {
    if (size_ >= kMost) return false;
    auto& entries = by_sender_[sender];
    const auto place =
        std::lower_bound(entries.begin(), entries.end(), entry.nonce,
                         [](const Entry& at, std::uint64_t nonce) { return at.nonce < nonce; });
    if (place != entries.end() && place->nonce == entry.nonce) {
        *place = entry;
        return true;
    }
    if (entries.size() >= kMostOfSender) return false;
    entries.insert(place, entry);
    ++size_;
    return true;
}

std::optional<std::uint64_t> Distant::first(const Address& sender) const {
    const auto found = by_sender_.find(sender);
    return found == by_sender_.end() ? std::nullopt : std::optional{found->second.front().nonce};
}

std::vector<Distant::Entry> Distant::take(const Address& sender, std::uint64_t last) {
    const auto found = by_sender_.find(sender);
    if (found == by_sender_.end()) return {};
    auto& entries = found->second;
    const auto end =
        std::upper_bound(entries.begin(), entries.end(), last,
                         [](std::uint64_t nonce, const Entry& at) { return nonce < at.nonce; });
    std::vector<Entry> taken(entries.begin(), end);
    entries.erase(entries.begin(), end);
    if (entries.empty()) by_sender_.erase(found);
    size_ -= taken.size();
    return taken;
}

void Distant::leave(PeerId peer) {
    for (auto at = by_sender_.begin(); at != by_sender_.end();) {
        size_ -= std::erase_if(at->second, [&](const Entry& entry) { return entry.peer == peer; });
        at = at->second.empty() ? by_sender_.erase(at) : std::next(at);
    }
}

std::vector<Address> Distant::senders_after(const std::optional<Address>& last,
                                            std::size_t count) const {
    std::vector<Address> senders;
    auto at = last ? by_sender_.upper_bound(*last) : by_sender_.begin();
    for (; at != by_sender_.end() && senders.size() < count; ++at) senders.push_back(at->first);
    return senders;
}

}  // namespace cairn::net
