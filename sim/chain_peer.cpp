#include "sim/chain_peer.hpp"

#include <algorithm>

#include "core/base/ensure.hpp"
#include "core/crypto/sha256.hpp"
#include "net/limits.hpp"
#include "net/protocol/codec.hpp"

namespace cairn::sim {
namespace {

net::NodeKey key_of(const std::string& name) {
    return {sha256(as_bytes("key of the peer " + name)).bytes};
}

SharedBytes as_frame(Bytes bytes) { return std::make_shared<const Bytes>(std::move(bytes)); }

}  // namespace

ChainPeer::ChainPeer(Network& network, const ChainParams& params, const net::NodeAddress& address,
                     Conduct conduct)
    : network_{network},
      max_block_{params.spec().max_block},
      conduct_{std::move(conduct)},
      id_{network.add(*this, address)},
      key_{key_of(address.to_string())},
      headers_{params.genesis()},
      work_{work_of(*expand(params.genesis().header.bits))} {}

void ChainPeer::add(SharedBytes block) {
    const auto header = decode_header(ByteView{*block}.first(BlockHeader::kSize));
    headers_.push_back(hashed(*header));
    if (const auto target = expand(header->bits)) work_ = work_ + work_of(*target);
    bodies_[headers_.back().hash] = std::move(block);
}

void ChainPeer::announce(std::size_t count) {
    const auto from = headers_.size() - std::min(count, headers_.size() - 1);
    say(net::Headers{{headers_.begin() + static_cast<std::ptrdiff_t>(from), headers_.end()}});
}

void ChainPeer::say(const net::Message& message) {
    for (const auto connection : open_) send(connection, message);
}

void ChainPeer::send(ConnectionId connection, const net::Message& message) {
    network_.send(connection, id_, as_frame(net::encode(message)));
}

net::Hello ChainPeer::hello() const {
    net::Hello hello;
    hello.key = key_;
    hello.listens_on = network_.address(id_).port;
    hello.agent = "peer";
    hello.tip = headers_.back().hash;
    hello.height = headers_.size();
    hello.work = work_;
    return hello;
}

void ChainPeer::on_open(ConnectionId connection, const net::Hello&) {
    open_.insert(connection);
    if (conduct_.announces && headers_.size() > 1)
        send(connection, net::Headers{{headers_.end() - 1, headers_.end()}});
}

void ChainPeer::on_dial_failed(const net::NodeAddress&, const std::string&, net::DialFault) {
    ++refused_dials_;
}

void ChainPeer::on_close(ConnectionId connection, const std::string&) {
    open_.erase(connection);
    ++closed_;
}

void ChainPeer::on_frame(ConnectionId connection, const SharedBytes& frame) {
    const auto message = net::decode(*frame, max_block_);
    ENSURE(message.has_value());  // nodes of ours say nothing that does not decode
    answer(connection, *message);
}

void ChainPeer::answer(ConnectionId connection, const net::Message& message) {
    if (const auto* ping = std::get_if<net::Ping>(&message))
        return send(connection, net::Pong{ping->nonce});
    if (const auto* question = std::get_if<net::GetHeaders>(&message)) {
        auto at = headers_.begin();
        for (const auto& hash : question->locator) {
            const auto found =
                std::find_if(headers_.begin(), headers_.end(),
                             [&](const HashedHeader& header) { return header.hash == hash; });
            if (found == headers_.end()) continue;
            at = found;
            break;
        }
        ++at;
        const auto count = std::min<std::ptrdiff_t>(headers_.end() - at, net::limits::kHeaders);
        return send(connection, net::Headers{{at, at + count}});
    }
    if (const auto* wanted = std::get_if<net::GetData>(&message)) {
        for (const auto& item : wanted->items) {
            if (item.kind != net::ItemKind::block) continue;
            const auto hash = digest_cast<BlockHash>(item.hash);
            ++asked_[hash];
            const auto known = bodies_.find(hash);
            SharedBytes body = known == bodies_.end() ? nullptr : known->second;
            if (conduct_.body) body = conduct_.body(hash);
            if (body) network_.send(connection, id_, as_frame(net::block_frame(*body)));
        }
    }
}

}  // namespace cairn::sim
