#include "net/transport/transport.hpp"

#include <gtest/gtest.h>

#include <future>

#include "net/limits.hpp"
#include "net/protocol/codec.hpp"
#include "net/transport/testing/rig.hpp"

namespace cairn::net {
namespace {

using testing::RawPeer;
using testing::Rig;

SharedBytes shared(const Message& message) {
    return std::make_shared<const Bytes>(encode(message));
}

/// Answers the first connection with these bytes, or with nothing, and keeps it open.
class Stranger {
public:
    explicit Stranger(std::string answer) : answer_{std::move(answer)} {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
        EXPECT_EQ(::listen(listener_, 4), 0);
        EXPECT_EQ(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
        to = {"127.0.0.1", ntohs(address.sin_port)};
        thread_ = std::thread{[this] {
            const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            if (socket < 0) return;
            static_cast<void>(::send(socket, answer_.data(), answer_.size(), MSG_NOSIGNAL));
            char bytes[4096];
            while (::recv(socket, bytes, sizeof bytes, 0) > 0) {
            }
            ::close(socket);
        }};
    }
    ~Stranger() {
        ::shutdown(listener_, SHUT_RDWR);
        thread_.join();
        ::close(listener_);
    }
    NodeAddress to;

private:
    std::string answer_;
    int listener_ = -1;
    std::thread thread_;
};

// The way up to a peer.

TEST(Transport, ShakesHandsBothWays) {
    Rig a{1};
    Rig b{2};
    a.dial(b.address());
    const auto at_a = a.next<PeerOpened>();
    const auto at_b = b.next<PeerOpened>();
    EXPECT_EQ(at_a.hello.key, b.key());
    EXPECT_TRUE(at_a.hello.outbound);
    EXPECT_EQ(at_a.hello.address, b.address());
    EXPECT_EQ(at_a.hello.ip, parse_ip("127.0.0.1"));
    EXPECT_EQ(at_a.hello.listens_on, b.port);
    EXPECT_EQ(at_a.hello.agent, "rig 2");
    EXPECT_EQ(at_a.hello.tip, b.chain->genesis().hash);
    EXPECT_EQ(at_a.hello.height, 1U);
    EXPECT_EQ(at_b.hello.key, a.key());
    EXPECT_FALSE(at_b.hello.outbound);
    EXPECT_EQ(at_b.hello.address.host, "127.0.0.1");

    a.carry_out(Send{at_a.peer, shared(Ping{7})});
    const auto said = b.next<PeerSaid>();
    EXPECT_EQ(said.peer, at_b.peer);
    EXPECT_EQ(std::get<Ping>(said.message).nonce, 7U);
    b.carry_out(Send{at_b.peer, shared(Pong{7})});
    EXPECT_EQ(std::get<Pong>(a.next<PeerSaid>().message).nonce, 7U);

    const auto bytes_a = a.transport->stats(at_a.peer);
    const auto bytes_b = b.transport->stats(at_b.peer);
    ASSERT_TRUE(bytes_a && bytes_b);
    EXPECT_GT(bytes_a->in, 300U);
    EXPECT_GT(bytes_b->out, 300U);

    b.carry_out(Close{at_b.peer, "enough of this"});
    EXPECT_EQ(b.next<PeerClosed>().why, "enough of this");
    EXPECT_EQ(a.next<PeerClosed>().why, "it closed the connection: enough of this");
    EXPECT_FALSE(a.transport->stats(at_a.peer));
}

TEST(Transport, ResolvesNames) {
    Rig a{1};
    Rig b{2};
    a.dial({"localhost", b.port});
    EXPECT_EQ(a.next<PeerOpened>().hello.address.host, "localhost");
}

TEST(Transport, TellsAnotherChainByItsGenesis) {
    auto other = cairn::testing::easy_spec();
    other.name = "other";
    Rig a{1};
    Rig b{2, other};
    a.dial(b.address());
    const auto failed = a.next<DialFailed>();
    EXPECT_EQ(failed.to, b.address());
    EXPECT_EQ(failed.fault, DialFault::other_chain);
    EXPECT_NE(failed.why.find(b.chain->genesis().hash.to_string()), std::string::npos);
    EXPECT_NE(b.next_turned_away().find("chain"), std::string::npos);
}

TEST(Transport, KnowsItself) {
    Rig a{1};
    a.dial(a.address());
    EXPECT_EQ(a.next<DialFailed>().fault, DialFault::itself);
}

TEST(Transport, SaysWhyADialFailed) {
    TransportOptions quick;
    quick.dial_within = 300;
    Rig a{1, cairn::testing::easy_spec(), quick};
    const auto why = [&](const NodeAddress& to) {
        a.dial(to);
        const auto failed = a.next<DialFailed>();
        EXPECT_EQ(failed.to, to);
        EXPECT_EQ(failed.fault, DialFault::unreachable);
        return failed.why;
    };
    std::uint16_t free_port = 0;
    {
        const Stranger gone{""};
        free_port = gone.to.port;
        RawPeer{free_port}.close();
    }
    EXPECT_EQ(why({"127.0.0.1", free_port}), "nobody listens there");
    EXPECT_NE(why({"169.254.1.1", 5000}).find("where no node may be"), std::string::npos);
    EXPECT_EQ(why({"no-such-name.invalid", 5000}), "the name no-such-name.invalid is not known");
    EXPECT_EQ(why(Stranger{""}.to), "it did not finish the handshake in time");
    for (const char* status : {"404 Not Found", "302 Found\r\nLocation: /p2p", "200 OK"}) {
        const Stranger http{"HTTP/1.1 " + std::string{status} + "\r\nContent-Length: 0\r\n\r\n"};
        EXPECT_EQ(why(http.to), "it answers, but is no Cairn node (HTTP " +
                                    std::string{status}.substr(0, 3) + ")");
    }
    EXPECT_EQ(why(Stranger{"SSH-2.0-OpenSSH_9.2\r\n"}.to), "it answers, but is no Cairn node");
    EXPECT_EQ(why(Stranger{std::string(100'000, 'x')}.to), "it answers, but is no Cairn node");
}

TEST(Transport, WantsTheSubprotocol) {
    Rig b{2};
    EXPECT_EQ(RawPeer{b.port}.upgrade(""), 400);
    EXPECT_EQ(b.next_turned_away(), "it asked for none of cairn.2, cairn.1");
    EXPECT_EQ(RawPeer{b.port}.upgrade("cairn.3, chat"), 400);
    const std::pair<const char*, const char*> cases[] = {{"chat , cairn.1", "cairn.1"},
                                                         {"cairn.2, cairn.1", "cairn.2"},
                                                         {"cairn.1,cairn.2", "cairn.2"},
                                                         {"cairn.3, cairn.2", "cairn.2"}};
    for (const auto& [offered, spoken] : cases) {
        RawPeer fine{b.port};
        EXPECT_EQ(fine.upgrade(offered), 101);
        EXPECT_NE(fine.head().find("Protocol: " + std::string{spoken} + "\r\n"), std::string::npos)
            << fine.head();
        EXPECT_EQ(fine.head().find("permessage-deflate"), std::string::npos);
    }
}

TEST(Transport, SpeaksTheNewestThatBothKnow) {
    Rig a{1};
    Rig b{2};
    a.dial(b.address());
    EXPECT_EQ(a.next<PeerOpened>().hello.protocol, kProtocolNewest);
    EXPECT_EQ(b.next<PeerOpened>().hello.protocol, kProtocolNewest);
    const auto old = b.shaken_peer(0, 1);
    EXPECT_EQ(b.next<PeerOpened>().hello.protocol, 1U);
    // Each is held to its version.
    old->send(encode(Mempool{PoolPage{{}, 5}}));
    const auto end = old->read_close();
    ASSERT_TRUE(end);
    EXPECT_EQ(end->close_reason(), "its mempool has bytes where none belong");
}

TEST(Transport, EndsAHandshakeThatDoesNotCome) {
    TransportOptions quick;
    quick.dial_within = 200;
    Rig b{2, cairn::testing::easy_spec(), quick};
    RawPeer silent{b.port};
    ASSERT_EQ(silent.upgrade(), 101);
    EXPECT_EQ(b.next_turned_away(), "its handshake took too long");
    while (silent.read()) {
    }
}

TEST(Transport, TakesNoMessageBeforeTheHandshake) {
    Rig b{2};
    RawPeer eager{b.port};
    ASSERT_EQ(eager.upgrade(), 101);
    eager.send(encode(Ping{1}));
    const auto end = eager.read_close();
    ASSERT_TRUE(end);
    EXPECT_NE(end->close_reason().find("out of order"), std::string::npos);
    RawPeer large{b.port};
    ASSERT_EQ(large.upgrade(), 101);
    large.send(Bytes(kHandshakeFrameMax + 1, 1));
    const auto cut = large.read_close();
    ASSERT_TRUE(cut);
    EXPECT_EQ(cut->close_code(), 1009U);
}

TEST(Transport, OfThoseWhoGoNoFurtherTheOldestMakesRoom) {
    Rig b{2};
    std::vector<std::unique_ptr<RawPeer>> all;
    for (std::size_t i = 0; i < limits::kHalfOpenOfSource; ++i) {
        all.push_back(std::make_unique<RawPeer>(b.port));
        ASSERT_EQ(all.back()->upgrade(), 101) << i;
    }
    for (std::size_t i = 0; i < 3; ++i) {
        all.push_back(std::make_unique<RawPeer>(b.port));
        ASSERT_EQ(all.back()->upgrade(), 101);
        EXPECT_EQ(b.next_turned_away(), "it kept others from shaking hands, who came after it");
        while (all[i]->read()) {
        }
    }
    // Whoever shakes hands gets in however many stand in the door, and stays when more come.
    const auto peer = b.shaken_peer();
    static_cast<void>(b.next<PeerOpened>());
    for (std::size_t i = 0; i < 2 * limits::kHalfOpenOfSource; ++i) {
        all.push_back(std::make_unique<RawPeer>(b.port));
        ASSERT_EQ(all.back()->upgrade(), 101);
    }
    peer->send(encode(Ping{7}));
    EXPECT_EQ(std::get<Ping>(b.next<PeerSaid>().message).nonce, 7U);
}

TEST(Transport, WhoIsRefusedAndDoesNotGoTakesNoPlace) {
    Rig b{2};
    std::vector<std::unique_ptr<RawPeer>> all;
    for (std::size_t i = 0; i < 3 * limits::kHalfOpenOfSource; ++i) {
        all.push_back(b.shaken_peer());
        b.carry_out(Close{b.next<PeerOpened>().peer, "the node refused it"});
    }
    const auto peer = b.shaken_peer();
    EXPECT_NE(b.next<PeerOpened>().peer, 0U);
}

TEST(Transport, WhoHoldsMostGoesWhenAllTogetherHoldTooMuch) {
    TransportOptions small;
    small.memory = MemoryBudget::make(4 * 1024 * 1024);
    Rig b{2, cairn::testing::easy_spec(), small};
    const auto slow = b.shaken_peer(4096);
    const auto slow_id = b.next<PeerOpened>().peer;
    const auto slower = b.shaken_peer(4096);
    const auto slower_id = b.next<PeerOpened>().peer;
    const auto frame = std::make_shared<const Bytes>(512 * 1024, std::uint8_t{3});
    // More than the sockets' own buffers take on top of it; neither has reached its own bound.
    for (int i = 0; i < 4; ++i) b.carry_out(Send{slow_id, frame});
    for (int i = 0; i < 14; ++i) b.carry_out(Send{slower_id, frame});
    const auto closed = b.next<PeerClosed>();
    EXPECT_EQ(closed.peer, slower_id);
    EXPECT_EQ(closed.why, "it makes this node hold more than there is memory for");
}

/// A long inventory comes to the node in parts, so that others have their turn between them.
TEST(Transport, ALongInventoryComesInParts) {
    Rig b{2};
    const auto peer = b.shaken_peer();
    static_cast<void>(b.next<PeerOpened>());
    Inv inv;
    inv.items.resize(2'500);
    for (auto& item : inv.items) item.kind = ItemKind::transfer;
    peer->send(encode(inv));
    for (const std::size_t size : {1'000U, 1'000U, 500U}) {
        const auto part = std::get<Inv>(b.next<PeerSaid>().message);
        EXPECT_EQ(part.items.size(), size);
        EXPECT_EQ(part.goes_on, size == 1'000U);
    }
}

/// Whoever says too much is read later, and not dropped.
TEST(Transport, WhoSaysMuchWaits) {
    Rig b{2};
    const auto peer = b.shaken_peer();
    static_cast<void>(b.next<PeerOpened>());
    Inv inv;
    inv.items.resize(limits::kInvItems);
    for (auto& item : inv.items) item.kind = ItemKind::transfer;
    // 100,000 each of 200,000 a second: the fourth has to wait for the second and third.
    std::thread sends{[&] {
        for (int i = 0; i < 4; ++i) peer->send(encode(inv));
        peer->send(encode(Ping{9}));
    }};
    std::size_t items = 0;
    while (items < 4 * limits::kInvItems)
        items += std::get<Inv>(b.next<PeerSaid>().message).items.size();
    EXPECT_EQ(std::get<Ping>(b.next<PeerSaid>().message).nonce, 9U);
    sends.join();
}

// What a peer may send.

TEST(Transport, GarbageEndsTheConnectionWithTheReason) {
    Rig b{2};
    const auto peer = b.shaken_peer();
    static_cast<void>(b.next<PeerOpened>());
    Bytes garbage = encode(Ping{1});
    garbage.push_back(0);
    peer->send(garbage);
    const auto end = peer->read_close();
    ASSERT_TRUE(end);
    EXPECT_EQ(end->close_code(), 1002U);
    EXPECT_EQ(end->close_reason(), "its ping does not have 9 bytes");
    peer->send_raw(RawPeer::frame(0x88, {}));
    const auto closed = b.next<PeerClosed>();
    EXPECT_EQ(closed.why, "its ping does not have 9 bytes");
    EXPECT_TRUE(closed.ban);
}

struct BadFrames {
    const char* name;
    Bytes bytes;
    unsigned code;
};

std::vector<BadFrames> bad_frames() {
    const Bytes ping = encode(Ping{1});
    const Bytes long_control(126, 0);
    const auto head = [](Bytes bytes) { return bytes; };
    std::vector<BadFrames> all{
        {"unmasked", RawPeer::frame(0x82, ping, false), 1002},
        {"unmasked empty", RawPeer::frame(0x82, {}, false), 1002},
        {"unmasked ping", RawPeer::frame(0x89, {}, false), 1002},
        {"long ping", RawPeer::frame(0x89, long_control), 1002},
        {"long pong", RawPeer::frame(0x8a, long_control), 1002},
        {"long close", RawPeer::frame(0x88, long_control), 1002},
        {"ping of 65536", RawPeer::frame(0x89, Bytes(65536, 0)), 1002},
        {"fragmented ping", RawPeer::frame(0x09, {}), 1002},
        {"fragmented close", RawPeer::frame(0x08, {}), 1002},
        {"continuation of nothing", RawPeer::frame(0x80, ping), 1002},
        {"unfinished continuation of nothing", RawPeer::frame(0x00, ping), 1002},
        {"length in 2 bytes below 126", head({0x82, 0xfe, 0, 5, 0, 0, 0, 0}), 1002},
        {"length in 8 bytes below 65536", head({0x82, 0xff, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0}),
         1002},
        {"length of 2^63", head({0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}), 1009},
        {"length of 2^64 - 1",
         head({0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0}), 1009},
        {"length of 2^62", head({0x82, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}), 1009},
        {"text", RawPeer::frame(0x81, as_bytes("hello")), 1003},
        {"empty text", RawPeer::frame(0x81, {}), 1003},
        {"close of one byte", RawPeer::frame(0x88, Bytes{3}), 1002},
        {"close 1004", RawPeer::frame(0x88, Bytes{0x03, 0xec}), 1002},
        {"close 1005", RawPeer::frame(0x88, Bytes{0x03, 0xed}), 1002},
        {"close 1006", RawPeer::frame(0x88, Bytes{0x03, 0xee}), 1002},
        {"close 999", RawPeer::frame(0x88, Bytes{0x03, 0xe7}), 1002},
        {"close with bad UTF-8", RawPeer::frame(0x88, Bytes{0x03, 0xe8, 0xff, 0xfe}), 1002},
    };
    for (std::uint8_t bit : {std::uint8_t{0x40}, std::uint8_t{0x20}, std::uint8_t{0x10}})
        all.push_back(
            {"reserved bit", RawPeer::frame(static_cast<std::uint8_t>(0x82 | bit), ping), 1002});
    for (std::uint8_t opcode = 3; opcode < 16; ++opcode)
        if (opcode < 8 || opcode > 10)
            all.push_back({"unknown opcode",
                           RawPeer::frame(static_cast<std::uint8_t>(0x80 | opcode), {}), 1002});
    Bytes twice = RawPeer::frame(0x02, ping);
    append(twice, RawPeer::frame(0x82, ping));
    all.push_back({"message within a message", twice, 1002});
    Bytes text_within = RawPeer::frame(0x02, ping);
    append(text_within, RawPeer::frame(0x81, {}));
    all.push_back({"text within a message", text_within, 1002});
    return all;
}

TEST(Transport, WebSocketIsStrict) {
    Rig b{2};
    for (const BadFrames& bad : bad_frames()) {
        SCOPED_TRACE(bad.name);
        const auto peer = b.shaken_peer();
        static_cast<void>(b.next<PeerOpened>());
        peer->send_raw(bad.bytes);
        const auto end = peer->read_close();
        EXPECT_TRUE(end);
        EXPECT_EQ(end ? end->close_code() : 0, bad.code);
        peer->close();
        static_cast<void>(b.next<PeerClosed>());
    }
}

TEST(Transport, TakesTheLongestMessageAndNoLonger) {
    Rig b{2};
    const std::size_t most = max_frame(b.chain->spec().max_block);
    const auto peer = b.shaken_peer();
    static_cast<void>(b.next<PeerOpened>());
    Inv full;
    full.items.resize(limits::kInvItems);
    ASSERT_LE(encode(full).size(), most);
    peer->send(encode(full));
    for (std::size_t items = 0; items < limits::kInvItems;)
        items += std::get<Inv>(b.next<PeerSaid>().message).items.size();
    // The head alone, in one frame and in two: refused before a byte of it has come.
    const Bytes long_frame = RawPeer::frame(0x82, Bytes(most + 1, 7));
    peer->send_raw(ByteView{long_frame}.first(14));
    const auto end = peer->read_close();
    ASSERT_TRUE(end);
    EXPECT_EQ(end->close_code(), 1009U);
    peer->close();
    EXPECT_NE(b.next<PeerClosed>().why.find("longer than"), std::string::npos);
    const auto other = b.shaken_peer();
    static_cast<void>(b.next<PeerOpened>());
    other->send_raw(RawPeer::frame(0x02, Bytes(most - 1, 7)));
    other->send_raw(RawPeer::frame(0x80, Bytes(2, 7)));
    const auto pieces = other->read_close();
    ASSERT_TRUE(pieces);
    EXPECT_EQ(pieces->close_code(), 1009U);
}

TEST(Transport, TakesAMessageInPieces) {
    Rig b{2};
    const auto peer = b.shaken_peer();
    const Bytes ping = encode(Ping{0x0807060504030201});
    peer->send_raw(RawPeer::frame(0x02, ByteView{ping}.first(1)));
    peer->send_raw(RawPeer::frame(0x00, {}));
    peer->send_raw(RawPeer::frame(0x89, as_bytes("between")));
    peer->send_raw(RawPeer::frame(0x80, ByteView{ping}.subspan(1)));
    EXPECT_EQ(std::get<Ping>(b.next<PeerSaid>().message).nonce, 0x0807060504030201U);
    const auto pong = peer->read();
    ASSERT_TRUE(pong);
    EXPECT_EQ(pong->opcode, 10);
    EXPECT_EQ(as_text(pong->payload), "between");
}

TEST(Transport, FramesThatHoldNothingEndTheConnection) {
    Rig b{2};
    for (const bool empty : {true, false}) {
        const auto peer = b.shaken_peer();
        static_cast<void>(b.next<PeerOpened>());
        Bytes flood = RawPeer::frame(0x02, Bytes{3});
        for (int i = 0; i < 60'000; ++i)
            append(flood, RawPeer::frame(0x00, empty ? ByteView{} : ByteView{flood}.first(1)));
        peer->send_raw(flood);
        const auto end = peer->read_close();
        ASSERT_TRUE(end);
        EXPECT_EQ(end->close_code(), 1002U);
        peer->close();
        EXPECT_EQ(b.next<PeerClosed>().why, "it sent frames that hold next to nothing");
    }
}

TEST(Transport, ManyStrangeStarts) {
    Rig b{2};
    for (std::uint8_t seed = 0; seed < 20; ++seed) {
        RawPeer peer{b.port};
        ASSERT_EQ(peer.upgrade(), 101);
        Bytes bytes(200);
        for (std::size_t i = 0; i < bytes.size(); ++i)
            bytes[i] = static_cast<std::uint8_t>(seed * 31 + i * (seed + 7));
        peer.send(bytes);
        while (peer.read()) {
        }
        static_cast<void>(b.next_turned_away());
    }
    const auto peer = b.shaken_peer();
    EXPECT_NE(b.next<PeerOpened>().peer, 0U);
}

// Bounds in time and memory.

TEST(Transport, SilentPeerIsClosed) {
    TransportOptions quick;
    quick.silent_within = 200;
    Rig b{2, cairn::testing::easy_spec(), quick};
    const auto peer = b.shaken_peer();
    EXPECT_EQ(b.next<PeerClosed>().why, "it has been silent for too long");
}

/// Row 38: what waits for a peer that reads nothing is bounded, then the peer is dropped; others do
/// not notice.
TEST(Transport, PeerThatReadsNothingIsDropped) {
    Rig b{2};
    const auto stuck = b.shaken_peer(4096);
    const auto stuck_id = b.next<PeerOpened>().peer;
    const auto other = b.shaken_peer();
    const auto other_id = b.next<PeerOpened>().peer;
    const auto frame = std::make_shared<const Bytes>(64 * 1024, std::uint8_t{3});
    // More than the socket's own buffers take on top of the bound.
    for (int i = 0; i < 400; ++i) b.carry_out(Send{stuck_id, frame});
    EXPECT_EQ(b.next<PeerClosed>().why, "it does not read what it is sent");
    b.carry_out(Send{other_id, shared(Ping{9})});
    const auto ping = other->read();
    ASSERT_TRUE(ping);
    EXPECT_EQ(ping->payload, encode(Ping{9}));
    EXPECT_EQ(frame.use_count(), 1) << "what waited is gone";
}

TEST(Transport, NothingIsReadWhileTheQueueIsLong) {
    Rig b{2};
    const auto peer = b.shaken_peer(4096);
    const auto id = b.next<PeerOpened>().peer;
    const auto frame = std::make_shared<const Bytes>(256 * 1024, std::uint8_t{3});
    const std::size_t count = limits::kSendQueueBytes / frame->size() - 1;
    for (std::size_t i = 0; i < count; ++i) b.carry_out(Send{id, frame});
    // It has been asked for nothing yet, so that this message is still read ...
    peer->send(encode(Ping{1}));
    EXPECT_EQ(std::get<Ping>(b.next<PeerSaid>().message).nonce, 1U);
    // ... and the next only once the peer has read.
    peer->send(encode(Ping{2}));
    std::size_t got = 0;
    while (got < count && peer->read()) ++got;
    EXPECT_EQ(got, count);
    EXPECT_EQ(std::get<Ping>(b.next<PeerSaid>().message).nonce, 2U);
}

TEST(Transport, PeerThatAsksMuchAndReadsNothingIsDropped) {
    TransportOptions quick;
    quick.stuck_within = 300;
    Rig b{2, cairn::testing::easy_spec(), quick};
    const auto peer = b.shaken_peer(4096);
    static_cast<void>(b.next<PeerOpened>());
    const GetData question{
        std::vector<Item>(limits::kGetDataItems,
                          Item{ItemKind::transfer, digest_cast<Hash256>(b.chain->genesis().hash)})};
    const Bytes frame = RawPeer::frame(0x82, encode(question));
    auto flood = std::async(std::launch::async, [&] {
        while (peer->send_raw(frame)) {
        }
    });
    EXPECT_EQ(b.next<PeerClosed>().why, "it does not read what it is sent");
    flood.get();
}

/// At most so many events of a peer wait for the node; then its socket is not read.
TEST(Transport, WaitsForTheNode) {
    Rig b{2};
    const auto peer = b.shaken_peer();
    static_cast<void>(b.next<PeerOpened>());
    b.hold();
    for (std::uint64_t i = 0; i < 200; ++i) peer->send(encode(Ping{i}));
    b.wait_for_held(64);
    const auto other = b.shaken_peer();
    b.wait_for_held(65);  // the other one's opening
    EXPECT_EQ(b.held(), 65U);
    b.see();
    for (std::uint64_t i = 0; i < 200; ++i)
        ASSERT_EQ(std::get<Ping>(b.next<PeerSaid>().message).nonce, i);
}

TEST(Transport, LostEventsEndTheConnection) {
    Rig b{2};
    const auto peer = b.shaken_peer();
    static_cast<void>(b.next<PeerOpened>());
    b.hold();
    peer->send(encode(Ping{1}));
    b.wait_for_held(1);
    b.see(false);
    const auto end = peer->read_close();
    ASSERT_TRUE(end);
    EXPECT_EQ(end->close_code(), 1001U);
    peer->close();
    EXPECT_EQ(b.next<PeerClosed>().why, "this node had to open its store anew");
}

TEST(Transport, TellsOfTheEndWhenTheNodeHasRoomAgain) {
    Rig b{2};
    const auto peer = b.shaken_peer();
    static_cast<void>(b.next<PeerOpened>());
    b.refuse(true);
    peer->send(encode(Ping{1}));
    ASSERT_TRUE(peer->read_close());
    peer->close();
    b.refuse(false);
    EXPECT_EQ(b.next<PeerClosed>().why, "this node has more to do than it can");
}

// What is served from a view.

/// A rig whose chain has some blocks.
struct Served : ::testing::Test {
    Served() {
        for (int i = 0; i < 3; ++i) hashes.push_back(mine());
        rig.set_view(rig.node->commit(Now{2, 2'000'000})->view);
    }
    BlockHash mine() {
        const Tip& tip = rig.node->ledger().tip();
        Reward reward{tip.height + 1, cairn::testing::nobody(1), rig.chain->spec().subsidy, {}};
        const Bytes reward_bytes = encode(reward);
        BlockHeader header;
        header.previous_hash = tip.hash;
        header.time = rig.chain->spec().genesis_time;
        header.bits = rig.chain->spec().bits;
        header.merkle_root = digest_cast<MerkleRoot>(txid_of(reward_bytes));
        header = cairn::testing::mined(header);
        const std::vector<ByteView> transactions{reward_bytes};
        const auto block = check_block(
            std::make_shared<const Bytes>(encode_block(header, transactions)), *rig.chain, {});
        EXPECT_TRUE(block) << (block ? "" : block.error().to_string());
        const auto taken = rig.node->submit(*block, Now{2, 2'000'000});
        EXPECT_TRUE(taken) << (taken ? "" : taken.error().to_string());
        return hashed(header).hash;
    }
    Message answer() {
        const auto frame = peer->read();
        EXPECT_TRUE(frame);
        auto message =
            frame ? decode(frame->payload, 1 << 20) : Result<Message, std::string>{Message{Ping{}}};
        EXPECT_TRUE(message) << (message ? "" : message.error());
        return message ? *message : Message{Ping{}};
    }

    Rig rig{2};
    std::vector<BlockHash> hashes;
    std::unique_ptr<RawPeer> peer = rig.shaken_peer();
};

TEST_F(Served, HeadersBlocksAndWhatIsNotHere) {
    static_cast<void>(rig.next<PeerOpened>());
    peer->send(encode(GetHeaders{{rig.chain->genesis().hash}, {}}));
    const auto headers = std::get<Headers>(answer()).headers;
    ASSERT_EQ(headers.size(), hashes.size());
    for (std::size_t i = 0; i < hashes.size(); ++i) EXPECT_EQ(headers[i].hash, hashes[i]);
    const Item unknown{ItemKind::block, {}};
    GetData question;
    for (const BlockHash& hash : hashes) {
        question.items.push_back({ItemKind::block, digest_cast<Hash256>(hash)});
        question.items.push_back(unknown);
    }
    peer->send(encode(question));
    for (const BlockHash& hash : hashes) EXPECT_EQ(std::get<BlockBody>(answer()).header.hash, hash);
    EXPECT_EQ(std::get<NotFound>(answer()).items, std::vector<Item>(3, unknown));
    // None of it came to the node, and the connection is at its usual.
    peer->send(encode(Ping{5}));
    EXPECT_EQ(std::get<Ping>(rig.next<PeerSaid>().message).nonce, 5U);
}

TEST_F(Served, WhatACommitUnderWayAddsIsNotMissedByWhoAsksMeanwhile) {
    rig.hold();
    peer = rig.shaken_peer();
    peer->send(encode(GetHeaders{{rig.chain->genesis().hash}, {}}));
    peer->send(encode(Ping{1}));
    rig.wait_for_held(2);  // that it is open, and the ping behind the question
    // Nobody tells the peer of this block, since the node does not know of the peer.
    hashes.push_back(mine());
    rig.set_view(rig.node->commit(Now{3, 2'000'000})->view);
    rig.see();
    EXPECT_EQ(std::get<Headers>(answer()).headers.size(), hashes.size());
}

TEST_F(Served, LongListsOfUnknownItems) {
    GetData question;
    question.items.resize(limits::kGetDataItems);
    for (int i = 0; i < 8; ++i) peer->send(encode(question));
    for (int i = 0; i < 8; ++i)
        EXPECT_EQ(std::get<NotFound>(answer()).items.size(), limits::kGetDataItems);
}

// The end.

TEST(Transport, StopSaysGoodBye) {
    Rig a{1};
    Rig b{2};
    a.dial(b.address());
    static_cast<void>(a.next<PeerOpened>());
    static_cast<void>(b.next<PeerOpened>());
    b.transport->stop();
    EXPECT_EQ(a.next<PeerClosed>().why, "it closed the connection: this node is stopping");
}

TEST(Transport, StopDoesNotWaitForThoseWhoDoNotAnswer) {
    Rig b{2};
    const auto peer = b.shaken_peer(4096);
    const auto id = b.next<PeerOpened>().peer;
    const auto frame = std::make_shared<const Bytes>(6 * 1024 * 1024, std::uint8_t{3});
    b.carry_out(Send{id, frame});
    b.transport->stop();
    b.dial({"127.0.0.1", 1});  // and what comes later is forgotten
}

TEST(Transport, CloseAllClosesAll) {
    Rig a{1};
    Rig b{2};
    a.dial(b.address());
    static_cast<void>(a.next<PeerOpened>());
    b.transport->close_all("the store has gone");
    EXPECT_EQ(b.next<PeerClosed>().why, "the store has gone");
    EXPECT_EQ(a.next<PeerClosed>().why, "it closed the connection: the store has gone");
    a.dial(b.address());
    static_cast<void>(b.next<PeerOpened>());
}

TEST(Transport, GivesBackWhatIsNotItsOwn) {
    Rig a{1};
    Actions actions;
    actions.push_back(Check{});
    actions.push_back(Send{99, shared(Ping{1})});
    actions.push_back(Resolved{});
    const Actions rest = a.transport->carry_out(std::move(actions));
    ASSERT_EQ(rest.size(), 2U);
    EXPECT_TRUE(std::holds_alternative<Check>(rest[0]));
    EXPECT_TRUE(std::holds_alternative<Resolved>(rest[1]));
}

}  // namespace
}  // namespace cairn::net
