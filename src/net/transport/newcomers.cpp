#include "net/transport/newcomers.hpp"

#include <algorithm>

namespace cairn::net::transport {

std::optional<PeerId> Newcomers::first_of(const Bytes& source) const {
    std::optional<PeerId> oldest;
    for (const auto& [peer, newcomer] : all_) {
        if (newcomer.source != source) continue;
        if (newcomer.ending) return peer;
        if (!oldest) oldest = peer;
    }
    return oldest;
}

std::optional<PeerId> Newcomers::in_the_way_of(const Bytes& source) const {
    std::map<Bytes, std::size_t> places;
    for (const auto& [peer, newcomer] : all_) ++places[newcomer.source];
    if (places[source] >= limits::kHalfOpenOfSource) return first_of(source);
    if (all_.size() < limits::kHalfOpen) return std::nullopt;
    const auto ending =
        std::ranges::find_if(all_, [](const auto& one) { return one.second.ending; });
    if (ending != all_.end()) return ending->first;
    const auto most = std::ranges::max_element(
        places, [](const auto& a, const auto& b) { return a.second < b.second; });
    return first_of(most->first);
}

}  // namespace cairn::net::transport
