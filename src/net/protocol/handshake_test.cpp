#include "net/protocol/handshake.hpp"

#include <gtest/gtest.h>

#include "core/primitives/codec.hpp"
#include "core/testing/keys.hpp"
#include "net/protocol/codec.hpp"

namespace cairn::net {
namespace {

constexpr Tick kNow = 1'000'000;
const NodeAddress kSomewhere{"10.0.0.1", 5000};

SecretKey secret(std::uint8_t number) {
    Hash256 seed;
    seed.bytes[0] = number;
    seed.bytes[31] = 1;
    return *SecretKey::from_hash(seed);
}

Handshake::Ours side(std::uint8_t number) {
    static const SchnorrSigner kSigner{{}};
    Handshake::Ours ours;
    ours.self.genesis.bytes.fill(0x11);
    ours.self.key = kSigner.public_key(secret(number));
    ours.self.listens_on = static_cast<std::uint16_t>(5000 + number);
    ours.self.tip.bytes.fill(number);
    ours.self.height = number;
    ours.self.work = ChainWork{number};
    ours.self.agent = "cairn 0." + std::to_string(number);
    ours.nonce.fill(static_cast<std::uint8_t>(0x40 + number));
    ours.sign = [number](ByteView message) { return kSigner.sign(secret(number), message, {}); };
    return ours;
}

Handshake dialler(Handshake::Ours ours = side(1)) {
    return {std::move(ours), true, kSomewhere, kNow};
}
Handshake listener(Handshake::Ours ours = side(2)) {
    return {std::move(ours), false, kSomewhere, kNow};
}

/// What `to` says to the opening of `from`.
Result<Handshake::Step, Handshake::Fault> meet(Handshake& to, const Handshake& from) {
    return to.on_frame(from.opening(), kNow);
}

std::string error_of(const Result<Handshake::Step, Handshake::Fault>& step) {
    return step ? "" : step.error().why;
}

TEST(Handshake, ProvesBothKeys) {
    Handshake a = dialler();
    Handshake b = listener();
    const auto from_a = meet(a, b);
    const auto from_b = meet(b, a);
    ASSERT_TRUE(from_a && from_b);
    EXPECT_FALSE(from_a->done || from_b->done);
    const auto at_a = a.on_frame(*from_b->answer, kNow);
    const auto at_b = b.on_frame(*from_a->answer, kNow);
    ASSERT_TRUE(at_a && at_a->done) << error_of(at_a);
    ASSERT_TRUE(at_b && at_b->done) << error_of(at_b);
    EXPECT_EQ(at_a->done->key, side(2).self.key);
    EXPECT_TRUE(at_a->done->outbound);
    EXPECT_EQ(at_a->done->address, kSomewhere);
    EXPECT_EQ(at_a->done->listens_on, 5002);
    EXPECT_EQ(at_a->done->agent, "cairn 0.2");
    EXPECT_EQ(at_a->done->tip, side(2).self.tip);
    EXPECT_EQ(at_a->done->height, 2U);
    EXPECT_EQ(at_a->done->work, ChainWork{2});
    EXPECT_EQ(at_b->done->key, side(1).self.key);
    EXPECT_FALSE(at_b->done->outbound);
}

TEST(Handshake, SignsWhatThePageSays) {
    HandshakeTranscript transcript{.genesis = side(1).self.genesis,
                                   .dialler = side(1).self.key,
                                   .listener = side(2).self.key,
                                   .dialler_nonce = side(1).nonce,
                                   .listener_nonce = side(2).nonce};
    Bytes said{0};
    append(said, transcript.genesis.bytes);
    append(said, transcript.dialler.bytes);
    append(said, transcript.listener.bytes);
    append(said, transcript.dialler_nonce);
    append(said, transcript.listener_nonce);
    append(said, Bytes(32, 0));
    EXPECT_EQ(transcript.message(true), tagged_sha256("cairn/handshake").write(said).finish());
    said[0] = 1;
    EXPECT_EQ(transcript.message(false), tagged_sha256("cairn/handshake").write(said).finish());
    Handshake a = dialler();
    const auto verack = meet(a, listener());
    Signature signature;
    ASSERT_EQ(verack->answer->size(), 65U);
    std::copy(verack->answer->begin() + 1, verack->answer->end(), signature.bytes.begin());
    EXPECT_TRUE(schnorr_verify(side(1).self.key, transcript.message(true).bytes, signature));
}

TEST(Handshake, VersionIsLaidOutAsThePageSays) {
    const Handshake::Ours ours = side(1);
    const Bytes frame = dialler().opening();
    Bytes expected{1, 2, 0, 0, 0};
    append(expected, ours.self.genesis.bytes);
    append(expected, ours.self.key.bytes);
    append(expected, ours.nonce);
    append(expected, Bytes{0x89, 0x13});
    append(expected, ours.self.tip.bytes);
    append(expected, Bytes{1, 0, 0, 0, 0, 0, 0, 0});
    append(expected, ours.self.work.to_little_endian());
    expected.push_back(9);
    append(expected, as_bytes("cairn 0.1"));
    EXPECT_EQ(frame, expected);
}

TEST(Handshake, NamesBothChainsIfTheyDiffer) {
    auto other = side(2);
    other.self.genesis.bytes.fill(0x22);
    Handshake a = dialler();
    const auto step = meet(a, listener(other));
    ASSERT_FALSE(step);
    EXPECT_NE(step.error().why.find(side(1).self.genesis.to_string()), std::string::npos);
    EXPECT_EQ(step.error().kind, DialFault::other_chain);
    EXPECT_NE(step.error().why.find(other.self.genesis.to_string()), std::string::npos);
}

TEST(Handshake, RefusesAnotherProtocolWhateverItsForm) {
    Handshake a = dialler();
    Bytes later = listener().opening();
    later[1] = 3;
    later.resize(20);
    EXPECT_NE(error_of(a.on_frame(later, kNow)).find("version 3 of the protocol"),
              std::string::npos);
}

/// What the upgrade agreed on is what both say; one that says otherwise is refused.
TEST(Handshake, SpeaksTheVersionThatWasAgreedOn) {
    for (std::uint32_t protocol = kProtocolOldest; protocol <= kProtocolNewest; ++protocol) {
        auto one = side(1);
        auto other = side(2);
        one.protocol = other.protocol = protocol;
        Handshake a = dialler(one);
        Handshake b = listener(other);
        const auto from_b = meet(b, a);
        ASSERT_TRUE(meet(a, b) && from_b);
        const auto done = a.on_frame(*from_b->answer, kNow);
        ASSERT_TRUE(done && done->done);
        EXPECT_EQ(done->done->protocol, protocol);
        other.protocol = protocol == kProtocolOldest ? kProtocolNewest : kProtocolOldest;
        Handshake c = dialler(one);
        EXPECT_NE(error_of(meet(c, listener(other))), "");
    }
}

TEST(Handshake, KnowsItself) {
    Handshake a = dialler();
    const auto step = meet(a, listener(side(1)));
    EXPECT_EQ(error_of(step), "that is this node itself");
    EXPECT_EQ(step.error().kind, DialFault::itself);
    // What comes back from a mirror is one's own.
    Handshake b = dialler();
    EXPECT_EQ(error_of(b.on_frame(b.opening(), kNow)), "that is this node itself");
}

/// Somebody in the middle who owns no key: names b's, and sends a's own signature back.
TEST(Handshake, ReflectedSignatureFails) {
    Handshake a = dialler();
    const auto verack = meet(a, listener());
    EXPECT_NE(error_of(a.on_frame(*verack->answer, kNow)).find("does not prove"),
              std::string::npos);
}

/// Two connections at once, from and to the same node: what it signs as a listener is no good as a
/// dialler's, even with the same nonces.
TEST(Handshake, SignatureOfTheOtherRoleFails) {
    Handshake a = dialler();
    ASSERT_TRUE(meet(a, listener()));
    auto b_dials = dialler(side(2));
    auto step = meet(b_dials, listener(side(1)));
    ASSERT_TRUE(step);
    EXPECT_NE(error_of(a.on_frame(*step->answer, kNow)).find("does not prove"), std::string::npos);
}

TEST(Handshake, ReplayedSignatureFails) {
    Handshake a = dialler();
    Handshake b = listener();
    ASSERT_TRUE(meet(a, b));
    const auto recorded = meet(b, a);
    auto fresh = side(1);
    fresh.nonce.fill(0x77);
    Handshake again = dialler(fresh);
    ASSERT_TRUE(meet(again, listener()));
    EXPECT_FALSE(again.on_frame(*recorded->answer, kNow));
    EXPECT_TRUE(a.on_frame(*recorded->answer, kNow));
}

TEST(Handshake, BindsToTheChannel) {
    auto bound = side(2);
    bound.binding.fill(1);
    Handshake a = dialler();
    Handshake b = listener(bound);
    ASSERT_TRUE(meet(a, b));
    const auto verack = meet(b, a);
    EXPECT_FALSE(a.on_frame(*verack->answer, kNow));
}

TEST(Handshake, EveryChangedBitFails) {
    Handshake b = listener();
    Handshake a = dialler();
    const auto verack = meet(b, a)->answer;
    ASSERT_TRUE(meet(a, b));
    for (std::size_t i = 1; i < verack->size(); ++i) {
        Bytes changed = *verack;
        changed[i] ^= 1;
        Handshake fresh = a;
        EXPECT_FALSE(fresh.on_frame(changed, kNow)) << i;
    }
    EXPECT_TRUE(a.on_frame(*verack, kNow));
}

TEST(Handshake, TakesNothingOutOfOrder) {
    Handshake b = listener();
    const auto verack = meet(b, dialler())->answer;
    Handshake a = dialler();
    EXPECT_NE(error_of(a.on_frame(*verack, kNow)).find("out of order"), std::string::npos);
    Handshake twice = dialler();
    ASSERT_TRUE(meet(twice, listener()));
    EXPECT_NE(error_of(meet(twice, listener())).find("out of order"), std::string::npos);
    Handshake early = dialler();
    EXPECT_NE(error_of(early.on_frame(encode(Ping{1}), kNow)).find("out of order"),
              std::string::npos);
    Handshake empty = dialler();
    EXPECT_FALSE(empty.on_frame({}, kNow));
}

TEST(Handshake, HasAForm) {
    const Bytes sound = listener().opening();
    for (std::size_t size = 1; size < sound.size(); ++size) {
        Handshake a = dialler();
        EXPECT_FALSE(a.on_frame(ByteView{sound}.first(size), kNow)) << size;
    }
    Bytes longer = sound;
    longer.push_back(0);
    Handshake a = dialler();
    EXPECT_FALSE(a.on_frame(longer, kNow));
}

TEST(Handshake, BoundsTheAgent) {
    const auto with_agent = [](const std::string& agent) {
        auto ours = side(2);
        ours.self.agent = agent;
        Handshake a = dialler();
        return error_of(meet(a, listener(ours)));
    };
    EXPECT_EQ(with_agent(std::string(kAgentMax, 'x')), "");
    EXPECT_NE(with_agent(std::string(kAgentMax + 1, 'x')), "");
    EXPECT_EQ(with_agent(" ~"), "");
    EXPECT_NE(with_agent("\x1f"), "");
    EXPECT_NE(with_agent("\x7f"), "");
    EXPECT_NE(with_agent("\xc3\xa9"), "");
    auto longest = side(2);
    longest.self.agent.assign(kAgentMax, 'x');
    EXPECT_EQ(listener(longest).opening().size(), kHandshakeFrameMax);
}

TEST(Handshake, HasTenSeconds) {
    Handshake a = dialler();
    EXPECT_FALSE(a.late(kNow + kHandshakeWithin - 1));
    EXPECT_TRUE(a.late(kNow + kHandshakeWithin));
    Handshake in_time = dialler();
    EXPECT_TRUE(in_time.on_frame(listener().opening(), kNow + kHandshakeWithin - 1));
    EXPECT_NE(error_of(a.on_frame(listener().opening(), kNow + kHandshakeWithin)).find("too long"),
              std::string::npos);
}

}  // namespace
}  // namespace cairn::net
