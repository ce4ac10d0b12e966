#include "net/serve/cost.hpp"

#include "core/primitives/codec.hpp"
#include "net/protocol/frame_type.hpp"

namespace cairn::net {
namespace {

constexpr std::uint64_t kMessage = 20;  // of any: a frame, an event for the node

struct CostOf {
    std::uint64_t operator()(const Headers& m) const { return 4 * m.headers.size(); }
    std::uint64_t operator()(const Inv& m) const { return 2 * m.items.size(); }
    std::uint64_t operator()(const PoolInv& m) const { return m.ids.size(); }
    std::uint64_t operator()(const NotFound& m) const { return m.items.size(); }
    std::uint64_t operator()(const Addr& m) const { return m.addresses.size(); }
    std::uint64_t operator()(const TransferBody& m) const { return 2 + m.bytes.size() / 256; }
    std::uint64_t operator()(const BlockBody& m) const { return m.bytes->size() / 1'024; }
    std::uint64_t operator()(const GetAddr&) const { return 100; }
    std::uint64_t operator()(const GetHeaders& m) const { return m.locator.size(); }
    std::uint64_t operator()(const auto&) const { return 0; }
};

}  // namespace

std::uint64_t cost_of(const Message& message) { return kMessage + std::visit(CostOf{}, message); }

std::uint64_t cost_of_answer(ByteView frame) {
    if (frame.empty()) return kMessage;
    switch (static_cast<FrameType>(frame.front())) {
        case FrameType::headers:
            return kMessage + 5 * (frame.size() / BlockHeader::kSize);
        case FrameType::inv:
            return kMessage + 3 * (frame.size() / 33);
        case FrameType::poolinv:
            return kMessage + frame.size() / 32;
        case FrameType::notfound:
            return kMessage + 5 * (frame.size() / 33);
        default:
            return kMessage + frame.size() / 1'024;
    }
}

void Solicited::note_sent(ByteView frame) {
    if (frame.empty()) return;
    Reader reader{frame.subspan(1)};
    switch (static_cast<FrameType>(frame.front())) {
        case FrameType::getheaders:
            ++headers_;
            break;
        case FrameType::getdata:
            bodies_ += reader.varint();
            break;
        case FrameType::mempool:
            ++pages_;
            break;
        case FrameType::ping:
            ++pongs_;
            break;
        case FrameType::getaddr:
            ++addresses_;
            break;
        default:
            break;
    }
}

bool Solicited::take_one(std::uint64_t& due, std::uint64_t count) {
    if (due < count) return false;
    due -= count;
    return true;
}

bool Solicited::take(const Message& message) {
    if (std::holds_alternative<Headers>(message)) return take_one(headers_);
    if (std::holds_alternative<BlockBody>(message)) return take_one(bodies_);
    if (std::holds_alternative<TransferBody>(message)) return take_one(bodies_);
    if (const auto* missing = std::get_if<NotFound>(&message))
        return take_one(bodies_, missing->items.size());
    if (std::holds_alternative<PoolInv>(message)) return take_one(pages_);
    if (std::holds_alternative<Pong>(message)) return take_one(pongs_);
    if (std::holds_alternative<Addr>(message)) return take_one(addresses_);
    return false;
}

}  // namespace cairn::net
