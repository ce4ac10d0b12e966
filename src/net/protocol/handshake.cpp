#include "net/protocol/handshake.hpp"

#include <algorithm>
#include <utility>

#include "core/crypto/schnorr.hpp"
#include "core/crypto/sha256.hpp"
#include "core/primitives/codec.hpp"
#include "net/protocol/frame_type.hpp"

namespace cairn::net {
namespace {

// version: type u8 | protocol u32 | genesis 32 | key 32 | nonce 32 | listens_on u16 | tip 32 |
//          height u64 | work 32 | agent bytes
// verack:  type u8 | signature 64

bool is_printable(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c <= 0x7e; });
}

auto say(std::string sentence, DialFault kind = DialFault::unreachable) {
    return fail(Handshake::Fault{std::move(sentence), kind});
}

}  // namespace

Hash256 HandshakeTranscript::message(bool by_dialler) const {
    const std::uint8_t role = by_dialler ? 0 : 1;
    return tagged_sha256("cairn/handshake")
        .write({&role, 1})
        .write(genesis.bytes)
        .write(dialler.bytes)
        .write(listener.bytes)
        .write(dialler_nonce)
        .write(listener_nonce)
        .write(binding)
        .finish();
}

Handshake::Handshake(Ours ours, bool outbound, NodeAddress address, Tick now)
    : ours_{std::move(ours)},
      outbound_{outbound},
      address_{std::move(address)},
      deadline_{now + kHandshakeWithin} {}

Bytes Handshake::opening() const {
    const Introduction& self = ours_.self;
    return Writer{}
        .integer(static_cast<std::uint8_t>(FrameType::version))
        .integer(ours_.protocol)
        .raw(self.genesis.bytes)
        .raw(self.key.bytes)
        .raw(ours_.nonce)
        .integer(self.listens_on)
        .raw(self.tip.bytes)
        .integer(self.height)
        .raw(self.work.to_little_endian())
        .bytes(as_bytes(self.agent))
        .take();
}

Result<Handshake::Step, Handshake::Fault> Handshake::on_frame(ByteView frame, Tick now) {
    if (late(now)) return say("its handshake took too long");
    if (frame.empty()) return say("its message is empty");
    const auto type = static_cast<FrameType>(frame.front());
    if (type == FrameType::version && !theirs_) return on_version(frame.subspan(1));
    if (type == FrameType::verack && theirs_) return on_verack(frame.subspan(1));
    return say("its handshake is out of order: it sent a message of type " +
               std::to_string(frame.front()) + " in place of " + (theirs_ ? "verack" : "version"));
}

Result<Handshake::Step, Handshake::Fault> Handshake::on_version(ByteView payload) {
    Reader reader{payload};
    const auto protocol = reader.integer<std::uint32_t>();
    // Another version may have another form, so that nothing more is read of it.
    if (reader.ok() && protocol != ours_.protocol)
        return say("it speaks version " + std::to_string(protocol) + " of the protocol, and we " +
                   std::to_string(ours_.protocol));
    Theirs theirs;
    Introduction& them = theirs.self;
    them.genesis.bytes = reader.array<32>();
    them.key.bytes = reader.array<32>();
    theirs.nonce = reader.array<32>();
    them.listens_on = reader.integer<std::uint16_t>();
    them.tip.bytes = reader.array<32>();
    them.height = reader.integer<std::uint64_t>();
    them.work = ChainWork::from_little_endian(reader.array<32>());
    const ByteView agent = reader.bytes();
    if (!reader.finished() || agent.size() > kAgentMax || !is_printable(as_text(agent)))
        return say("its version message is out of form");
    them.agent = as_text(agent);
    const Introduction& us = ours_.self;
    if (them.genesis != us.genesis)
        return say("it is of another chain (genesis " + them.genesis.to_string() + ", ours is " +
                       us.genesis.to_string() + ")",
                   DialFault::other_chain);
    if (them.key == us.key) return say("that is this node itself", DialFault::itself);
    theirs_ = std::move(theirs);
    const Signature signature = ours_.sign(transcript().message(outbound_).bytes);
    return Step{
        Writer{}.integer(static_cast<std::uint8_t>(FrameType::verack)).raw(signature.bytes).take(),
        std::nullopt};
}

Result<Handshake::Step, Handshake::Fault> Handshake::on_verack(ByteView payload) const {
    Signature signature;
    if (payload.size() != signature.bytes.size()) return say("its verack message is out of form");
    std::ranges::copy(payload, signature.bytes.begin());
    const Introduction& them = theirs_->self;
    if (!schnorr_verify(them.key, transcript().message(!outbound_).bytes, signature))
        return say("its signature does not prove the key that it names");
    Hello hello;
    hello.key = them.key;
    hello.protocol = ours_.protocol;
    hello.outbound = outbound_;
    hello.address = address_;
    hello.listens_on = them.listens_on;
    hello.agent = them.agent;
    hello.tip = them.tip;
    hello.height = them.height;
    hello.work = them.work;
    return Step{std::nullopt, std::move(hello)};
}

HandshakeTranscript Handshake::transcript() const {
    HandshakeTranscript out{.genesis = ours_.self.genesis,
                            .dialler = ours_.self.key,
                            .listener = theirs_->self.key,
                            .dialler_nonce = ours_.nonce,
                            .listener_nonce = theirs_->nonce,
                            .binding = ours_.binding};
    if (!outbound_) {
        std::swap(out.dialler, out.listener);
        std::swap(out.dialler_nonce, out.listener_nonce);
    }
    return out;
}

}  // namespace cairn::net
