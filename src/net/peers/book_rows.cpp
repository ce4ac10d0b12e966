#include "net/peers/book_rows.hpp"

#include "core/primitives/codec.hpp"

namespace cairn::net {
namespace {

enum Kind : std::uint8_t { kRegistered = 1, kLearnt, kKeyBan, kIpBan, kSilentMark };

Bytes address_key(Kind kind, const NodeAddress& address) {
    Bytes key{kind};
    append_big_endian(key, address.port);
    append(key, as_bytes(address.host));
    return key;
}

std::optional<NodeAddress> address_of(ByteView key) {
    if (key.size() < 3) return std::nullopt;
    const NodeAddress address{std::string{as_text(key.subspan(3))},
                              read_big_endian<std::uint16_t>(key.subspan(1, 2))};
    const auto parsed = parse_node_address(address.to_string());
    if (!parsed || *parsed != address) return std::nullopt;
    return address;
}

template <class... F>
struct Overloaded : F... {
    using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

}  // namespace

Bytes key_of(const BookEntry& entry) {
    return std::visit(
        Overloaded{
            [](const RegisteredNode& node) { return address_key(Kind::kRegistered, node.address); },
            [](const LearntNode& node) { return address_key(Kind::kLearnt, node.address); },
            [](const KeyBan& ban) {
                Bytes key{Kind::kKeyBan};
                append(key, ban.key.bytes);
                return key;
            },
            [](const IpBan& ban) {
                Bytes key{Kind::kIpBan};
                append(key, ban.ip);
                return key;
            },
            [](const SilentMark&) { return Bytes{Kind::kSilentMark}; },
        },
        entry);
}

Bytes value_of(const BookEntry& entry) {
    Writer out;
    std::visit(Overloaded{
                   [&](const RegisteredNode& node) {
                       out.integer(node.added).integer(static_cast<std::uint8_t>(node.key ? 1 : 0));
                       if (node.key) out.raw(node.key->bytes);
                   },
                   [&](const LearntNode& node) { out.integer(node.seen).raw(node.key.bytes); },
                   [&](const KeyBan& ban) { out.integer(ban.until); },
                   [&](const IpBan& ban) { out.integer(ban.until); },
                   [](const SilentMark&) {},
               },
               entry);
    return out.take();
}

std::optional<BookEntry> decode_entry(ByteView key, ByteView value) {
    if (key.empty()) return std::nullopt;
    Reader in{value};
    std::optional<BookEntry> entry;
    switch (key[0]) {
        case Kind::kRegistered: {
            RegisteredNode node;
            const auto address = address_of(key);
            if (!address) return std::nullopt;
            node.address = *address;
            node.added = in.integer<UnixSeconds>();
            const auto has_key = in.integer<std::uint8_t>();
            if (has_key > 1) return std::nullopt;
            if (has_key == 1) node.key = NodeKey{in.array<32>()};
            entry = node;
            break;
        }
        case Kind::kLearnt: {
            const auto address = address_of(key);
            if (!address || !parse_ip(address->host)) return std::nullopt;
            const auto seen = in.integer<UnixSeconds>();
            entry = LearntNode{*address, NodeKey{in.array<32>()}, seen};
            break;
        }
        case Kind::kKeyBan: {
            Reader name{key.subspan(1)};
            entry = KeyBan{NodeKey{name.array<32>()}, in.integer<UnixSeconds>()};
            if (!name.finished()) return std::nullopt;
            break;
        }
        case Kind::kIpBan: {
            Reader name{key.subspan(1)};
            entry = IpBan{name.array<16>(), in.integer<UnixSeconds>()};
            if (!name.finished()) return std::nullopt;
            break;
        }
        case Kind::kSilentMark:
            if (key.size() == 1) entry = SilentMark{};
            break;
        default:
            break;
    }
    if (!in.finished()) return std::nullopt;
    return entry;
}

}  // namespace cairn::net
