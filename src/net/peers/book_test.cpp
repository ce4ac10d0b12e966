#include "net/peers/book.hpp"

#include <gtest/gtest.h>

#include "ledger/testing/map_store.hpp"
#include "net/limits.hpp"

namespace cairn::net {
namespace {

constexpr UnixSeconds kNow = 1'800'000'000;
constexpr Tick kTick = 5'000'000;
constexpr Now kBoth{kTick, kNow};
/// So many seconds later by the wall clock alone.
Now wall_later(UnixSeconds seconds) { return {kTick, kNow + seconds}; }

NodeKey key(std::uint64_t number) {
    NodeKey made;
    for (std::size_t i = 0; i < 8; ++i) made.bytes[i] = static_cast<std::uint8_t>(number >> 8 * i);
    return made;
}
NodeAddress at(std::uint16_t port) { return {"127.0.0.1", port}; }

class BookTest : public ::testing::Test {
protected:
    BookTest() { open(); }
    /// As after a restart of the process; how many rows were damaged.
    std::size_t open(UnixSeconds now = kNow) { return open(Now{kTick, now}); }
    std::size_t open(Now now) {
        if (rows) write();
        rows = std::make_unique<Staged>(store.snapshot());
        book = Book{};
        return book.load(*rows, now);
    }
    void write() {
        ASSERT_TRUE(store.write(rows->to_batch()));
        rows = std::make_unique<Staged>(store.snapshot());
    }
    cairn::testing::MapStore::Rows table() {
        write();
        return store.rows(Table::peers);
    }

    cairn::testing::MapStore store;
    std::unique_ptr<Staged> rows;
    Book book;
    Random random{1};
};

TEST_F(BookTest, KeepsRegisteredNodesInTheirOrderWithTheirKeys) {
    book.add(at(5002), kNow, *rows);
    book.add(at(5001), kNow + 1, *rows);
    book.add({"node.example", 5000}, kNow + 2, *rows);
    book.add({"::1", 5000}, kNow + 3, *rows);
    book.pin(at(5001), key(7), *rows);
    book.pin(at(5001), key(8), *rows);  // pinned is pinned
    const auto before = book.registered();
    EXPECT_EQ(open(), 0u);
    EXPECT_EQ(book.registered(), before);
    EXPECT_EQ(book.find(at(5001))->key, key(7));
    EXPECT_FALSE(book.find(at(5002))->key);
    EXPECT_TRUE(book.is_registered(key(7)));
    EXPECT_FALSE(book.is_registered(key(8)));
    EXPECT_TRUE(book.remove(at(5001), *rows));
    EXPECT_FALSE(book.remove(at(5001), *rows));
    open();
    EXPECT_EQ(book.registered().size(), 3u);
    EXPECT_FALSE(book.is_registered(at(5001)));
}

TEST_F(BookTest, IsFullAtItsBound) {
    for (std::uint16_t i = 0; i < limits::kRegistered; ++i) {
        EXPECT_FALSE(book.full());
        book.add(at(static_cast<std::uint16_t>(7000 + i)), kNow, *rows);
    }
    EXPECT_TRUE(book.full());
    open();
    EXPECT_TRUE(book.full());
    EXPECT_EQ(book.registered().size(), limits::kRegistered);
}

TEST_F(BookTest, ForgetsOfTheLearntOneThatWasNotSeenForLong) {
    for (std::uint16_t i = 0; i < limits::kLearnt; ++i)
        book.learn({at(static_cast<std::uint16_t>(20000 + i)), key(i), kNow + i}, random, *rows);
    EXPECT_EQ(book.learnt().size(), limits::kLearnt);
    book.learn({at(30000), key(5), kNow}, random, *rows);
    EXPECT_EQ(book.learnt().size(), limits::kLearnt);
    EXPECT_TRUE(book.learnt().contains(at(30000)));
    EXPECT_TRUE(book.learnt().contains(
        at(static_cast<std::uint16_t>(20000 + limits::kLearnt - 1))));  // the newest
    const auto before = book.learnt();
    EXPECT_EQ(open(), 0u);
    EXPECT_EQ(book.learnt(), before);
    book.forget(at(30000), *rows);
    open();
    EXPECT_FALSE(book.learnt().contains(at(30000)));
}

TEST_F(BookTest, WritesTheTimeANodeWasSeenOnceAnHour) {
    book.learn({at(5001), key(1), kNow}, random, *rows);
    write();
    book.learn({at(5001), key(1), kNow + 3599}, random, *rows);
    EXPECT_TRUE(rows->empty());
    book.learn({at(5001), key(1), kNow + 3600}, random, *rows);
    EXPECT_FALSE(rows->empty());
    write();
    book.learn({at(5001), key(2), kNow + 3601}, random, *rows);  // another key is news at once
    EXPECT_FALSE(rows->empty());
}

TEST_F(BookTest, BansAreOverAtTheirSecond) {
    const IpBytes ip = *parse_ip("203.0.113.5");
    book.ban(key(1), 10, kBoth, *rows);
    book.ban(ip, 20, kBoth, *rows);
    open();
    EXPECT_EQ(book.banned_for(key(1), kBoth), 10u);
    EXPECT_EQ(book.banned_for(key(1), wall_later(9)), 1u);
    EXPECT_EQ(book.banned_for(key(1), wall_later(10)), 0u);
    EXPECT_EQ(book.banned_for(ip, wall_later(19)), 1u);
    EXPECT_EQ(book.banned_for(ip, wall_later(20)), 0u);
    EXPECT_EQ(book.banned_for(key(2), kBoth), 0u);
    book.lift_expired(wall_later(10), *rows);
    EXPECT_EQ(table().size(), 1u);
    open(kNow + 20);
    EXPECT_TRUE(table().empty());
}

TEST_F(BookTest, AWallClockThatIsSetBackKeepsNobodyOut) {
    const IpBytes ip = *parse_ip("203.0.113.5");
    constexpr UnixSeconds kDay = 86'400;
    for (const bool restarted : {false, true}) {
        book.ban(key(1), limits::kBanSeconds, kBoth, *rows);
        book.ban(ip, limits::kBanSeconds, kBoth, *rows);
        Now now{kTick, kNow - kDay};
        if (restarted) open(now);
        // Never for longer than a ban lasts.
        EXPECT_EQ(book.banned_for(key(1), now), limits::kBanSeconds);
        now.steady += Tick{limits::kBanSeconds - 1} * 1000;
        EXPECT_EQ(book.banned_for(key(1), now), 1u);
        EXPECT_EQ(book.banned_for(ip, now), 1u);
        now.steady += 1000;
        EXPECT_EQ(book.banned_for(key(1), now), 0u);
        EXPECT_EQ(book.banned_for(ip, now), 0u);
        book.lift_expired(now, *rows);
        EXPECT_TRUE(table().empty());
    }
    // And the process need not run all that time: each start counts on from what is stored.
    book.ban(key(1), limits::kBanSeconds, kBoth, *rows);
    open(Now{kTick, kNow - kDay});
    open(Now{0, kNow - kDay + 3'000});
    EXPECT_EQ(book.banned_for(key(1), Now{0, kNow - kDay + 3'000}), limits::kBanSeconds - 3'000);
}

TEST_F(BookTest, ANodeSeenInTheFutureIsWrittenAnew) {
    book.learn({at(5001), key(1), kNow + 86'400}, random, *rows);
    write();
    book.learn({at(5001), key(1), kNow}, random, *rows);
    EXPECT_FALSE(rows->empty());
    EXPECT_EQ(book.learnt().at(at(5001)).seen, kNow);
}

TEST_F(BookTest, BansAreBounded) {
    for (std::uint64_t i = 0; i <= limits::kBans; ++i)
        book.ban(key(i), 100 + static_cast<UnixSeconds>(i), kBoth, *rows);
    EXPECT_EQ(book.banned_for(key(0), kBoth), 0u);
    EXPECT_NE(book.banned_for(key(1), kBoth), 0u);
    EXPECT_EQ(table().size(), limits::kBans);
    for (std::uint64_t i = 0; i <= limits::kBans; ++i) {
        IpBytes ip = *parse_ip("203.0.0.0");
        ip[14] = static_cast<std::uint8_t>(i >> 8);
        ip[15] = static_cast<std::uint8_t>(i);
        book.ban(ip, 100 + static_cast<UnixSeconds>(i), kBoth, *rows);
    }
    EXPECT_EQ(book.banned_for(*parse_ip("203.0.0.0"), kBoth), 0u);
    EXPECT_NE(book.banned_for(*parse_ip("203.0.0.1"), kBoth), 0u);
    EXPECT_EQ(table().size(), 2 * limits::kBans);
}

TEST_F(BookTest, SilenceIsKeptUntilItEnds) {
    EXPECT_FALSE(book.silent());
    book.set_silent(true, *rows);
    open();
    EXPECT_TRUE(book.silent());
    book.set_silent(false, *rows);
    open();
    EXPECT_FALSE(book.silent());
    EXPECT_TRUE(table().empty());
}

TEST_F(BookTest, DropsRowsThatAreDamagedAndKeepsTheOthers) {
    const std::vector<BookEntry> good = {
        RegisteredNode{at(5001), std::nullopt, kNow}, RegisteredNode{at(5002), key(2), kNow},
        LearntNode{at(5003), key(3), kNow},           KeyBan{key(4), kNow + 9},
        IpBan{*parse_ip("203.0.113.5"), kNow + 9},    SilentMark{}};
    for (const auto& entry : good) EXPECT_EQ(decode_entry(key_of(entry), value_of(entry)), entry);
    std::size_t damaged = 0;
    for (const auto& entry : good) {
        // Cut short, too long, and each byte of the key that makes it another kind or no address.
        Bytes longer = value_of(entry);
        longer.push_back(0);
        EXPECT_FALSE(decode_entry(key_of(entry), longer));
        for (std::size_t size = 0; size < value_of(entry).size(); ++size)
            EXPECT_FALSE(decode_entry(key_of(entry), ByteView{value_of(entry)}.first(size)));
        Bytes other = key_of(entry);
        other[0] = 9;
        EXPECT_FALSE(decode_entry(other, value_of(entry)));
        Bytes more = key_of(entry);
        more.push_back('!');
        EXPECT_FALSE(decode_entry(more, value_of(entry)));
        rows->put(Table::peers, key_of(entry), value_of(entry));
        rows->put(Table::peers, more, value_of(entry));
        ++damaged;
    }
    Bytes flag = value_of(good[0]);
    flag.back() = 2;
    EXPECT_FALSE(decode_entry(key_of(good[0]), flag));
    EXPECT_FALSE(decode_entry({}, {}));
    // An address that this version would not take is not taken from the disk either.
    EXPECT_FALSE(
        decode_entry(key_of(RegisteredNode{{"169.254.1.1", 5000}, {}, 0}), value_of(good[0])));
    EXPECT_FALSE(decode_entry(key_of(LearntNode{{"a.example", 5000}, {}, 0}), value_of(good[2])));
    EXPECT_EQ(open(), damaged);
    EXPECT_EQ(table().size(), good.size());
    EXPECT_EQ(book.registered().size(), 2u);
    EXPECT_TRUE(book.silent());
}

}  // namespace
}  // namespace cairn::net
