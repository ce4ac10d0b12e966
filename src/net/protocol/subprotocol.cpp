#include "net/protocol/subprotocol.hpp"

#include <algorithm>

#include "net/message.hpp"

namespace cairn::net {
namespace {

constexpr std::string_view kBlanks = " \t";

std::string_view trimmed(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
    return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

}  // namespace

std::string subprotocol(std::uint32_t protocol) { return "cairn." + std::to_string(protocol); }

std::string offered_subprotocols() {
    std::string list;
    for (std::uint32_t protocol = kProtocolNewest; protocol >= kProtocolOldest; --protocol)
        list += (list.empty() ? "" : ", ") + subprotocol(protocol);
    return list;
}

std::optional<std::uint32_t> newest_in(std::string_view list) {
    std::optional<std::uint32_t> newest;
    while (!list.empty()) {
        const std::string_view one = list.substr(0, list.find(','));
        list.remove_prefix(std::min(list.size(), one.size() + 1));
        for (std::uint32_t protocol = kProtocolOldest; protocol <= kProtocolNewest; ++protocol)
            if (trimmed(one) == subprotocol(protocol))
                newest = std::max(newest.value_or(0), protocol);
    }
    return newest;
}

}  // namespace cairn::net
