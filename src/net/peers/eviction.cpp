#include "net/peers/eviction.hpp"

#include <algorithm>
#include <map>

namespace cairn::net {
namespace {

constexpr Tick kNeverPinged = ~Tick{0};
constexpr std::size_t kSafeByLot = 4, kSafeByPing = 8, kSafeByTransfers = 4, kSafeByBlocks = 8;

/// Takes out the `count` first in an order, as far as they have what it goes by.
template <class Before, class Has>
void keep_safe(std::vector<Guest>& guests, std::size_t count, Before before, Has has) {
    std::sort(guests.begin(), guests.end(), before);
    const auto most = static_cast<std::ptrdiff_t>(std::min(count, guests.size()));
    const auto end = std::find_if_not(guests.begin(), guests.begin() + most, has);
    guests.erase(guests.begin(), end);
}

}  // namespace

std::optional<PeerId> guest_to_go(std::vector<Guest> guests, const Bytes& source) {
    std::map<Bytes, std::size_t> places;
    for (const auto& guest : guests) ++places[guest.source];
    const std::size_t own = places[source];

    const auto always = [](const Guest&) { return true; };
    keep_safe(
        guests, kSafeByLot, [](const Guest& a, const Guest& b) { return a.lot > b.lot; }, always);
    keep_safe(
        guests, kSafeByPing,
        [](const Guest& a, const Guest& b) {
            return a.ping.value_or(kNeverPinged) < b.ping.value_or(kNeverPinged);
        },
        [](const Guest& guest) { return guest.ping.has_value(); });
    keep_safe(
        guests, kSafeByTransfers,
        [](const Guest& a, const Guest& b) { return a.transfer > b.transfer; },
        [](const Guest& guest) { return guest.transfer > 0; });
    keep_safe(
        guests, kSafeByBlocks, [](const Guest& a, const Guest& b) { return a.block > b.block; },
        [](const Guest& guest) { return guest.block > 0; });
    keep_safe(
        guests, guests.size() / 2, [](const Guest& a, const Guest& b) { return a.since < b.since; },
        always);
    const auto less = [&](const Guest& a, const Guest& b) {
        const std::size_t of_a = places[a.source];
        const std::size_t of_b = places[b.source];
        return of_a != of_b ? of_a < of_b : a.since < b.since;
    };
    const auto victim = std::max_element(guests.begin(), guests.end(), less);
    if (victim == guests.end() || own + 1 > places[victim->source]) return std::nullopt;
    return victim->peer;
}

}  // namespace cairn::net
