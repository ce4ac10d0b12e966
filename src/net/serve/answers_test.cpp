#include "net/serve/answers.hpp"

#include "ledger/pool.hpp"
#include "ledger/testing/arrivals.hpp"
#include "ledger/testing/machine.hpp"
#include "net/limits.hpp"
#include "net/protocol/codec.hpp"
#include "net/testing/headers.hpp"

namespace cairn::net {
namespace {

using cairn::testing::ChainBuilder;
using cairn::testing::Machine;

class AnswersTest : public ::testing::Test {
protected:
    AnswersTest() { answers.begin(); }
    void ask(Message message) { ASSERT_TRUE(answers.take(message)); }
    /// All frames that come; counts the calls that found nothing to send yet.
    std::vector<Message> all() {
        std::vector<Message> out;
        for (;;) {
            auto part = answers.next(*machine.rows);
            if (part.apart) {
                ++made_apart;
                answers.give(frame_of(*machine.rows, *part.apart));
            } else if (part.frame) {
                out.push_back(*decode(std::move(*part.frame), 1024 * 1024));
            } else if (part.more) {
                ++in_vain;
            } else {
                return out;
            }
        }
    }
    static Item item(const BlockHash& hash) {
        return {ItemKind::block, digest_cast<Hash256>(hash)};
    }
    void put_pool(std::size_t count) {
        const auto transfer =
            chain.keys().transfer(*chain.params(), 7, 0, cairn::testing::nobody(1), 1);
        for (std::uint64_t i = 1; i <= count; ++i) {
            Bytes value(4, 0);
            append(value, transfer->bytes());
            machine.rows->put(Table::pool, tables::pending_key(i), value);
        }
        cairn::testing::count_arrivals(*machine.rows, count);
    }

    ChainBuilder chain;
    Machine machine{chain.params()};
    Answers answers;
    std::size_t in_vain = 0;
    std::size_t made_apart = 0;
};

TEST_F(AnswersTest, TakeQuestionsAndLeaveAllElse) {
    Message ping = Ping{7};
    EXPECT_FALSE(answers.take(ping));
    EXPECT_EQ(std::get<Ping>(ping).nonce, 7U);
    EXPECT_TRUE(answers.empty());
    EXPECT_FALSE(answers.next(*machine.rows).more);
}

TEST_F(AnswersTest, ComeInTheOrderAsked) {
    const auto blocks = chain.grow(chain.genesis(), 2);
    machine.add(blocks);
    ask(GetData{{item(blocks[0]->header.hash), item(BlockHash{}), item(blocks[1]->header.hash)}});
    ask(Mempool{});
    ask(GetHeaders{});
    const auto said = all();
    ASSERT_EQ(said.size(), 5U);
    EXPECT_EQ(std::get<BlockBody>(said[0]).header.hash, blocks[0]->header.hash);
    EXPECT_EQ(std::get<BlockBody>(said[1]).header.hash, blocks[1]->header.hash);
    EXPECT_EQ(std::get<NotFound>(said[2]).items.size(), 1U);
    EXPECT_TRUE(std::get<Inv>(said[3]).items.empty());  // that it is empty is the answer
    EXPECT_EQ(std::get<Headers>(said[4]).headers.size(), 2U);
    EXPECT_TRUE(answers.empty());
}

TEST_F(AnswersTest, LookAtSoManyItemsAtOnce) {
    GetData much;
    for (std::size_t i = 0; i <= Answers::kItemsAtOnce; ++i)
        much.items.push_back(item(BlockHash{}));
    ask(much);
    const auto said = all();
    EXPECT_EQ(in_vain, 1U);
    ASSERT_EQ(said.size(), 1U);
    EXPECT_EQ(std::get<NotFound>(said[0]).items.size(), Answers::kItemsAtOnce + 1);
}

TEST_F(AnswersTest, LookAtSoManyHeadersAtOnceAndTellThemTogether) {
    const auto headers =
        testing::HeaderMiner{chain.genesis(), 1'000'000}.next(limits::kHeaders + 1);
    for (std::size_t i = 0; i < headers.size(); ++i) {
        ASSERT_TRUE(machine.ledger->add_header(headers[i], 0, *machine.rows));
        tables::put_best(*machine.rows, i + 2, headers[i].hash);
    }
    ask(GetHeaders{{chain.genesis()}, {}});
    const auto said = all();
    EXPECT_EQ(in_vain, limits::kHeaders / Answers::kHeadersAtOnce - 1);
    ASSERT_EQ(said.size(), 1U);
    const auto& told = std::get<Headers>(said[0]).headers;
    ASSERT_EQ(told.size(), limits::kHeaders);
    for (std::size_t i = 0; i < told.size(); ++i) ASSERT_EQ(told[i].hash, headers[i].hash);

    const auto stop = headers[Answers::kHeadersAtOnce - 1].hash;
    ask(GetHeaders{{chain.genesis()}, stop});
    EXPECT_EQ(std::get<Headers>(all().at(0)).headers.size(), Answers::kHeadersAtOnce);
}

TEST_F(AnswersTest, HeadersEndWhereTheChainWasLeftMeanwhile) {
    const auto put = [&](const std::vector<HashedHeader>& headers) {
        for (std::size_t i = 0; i < headers.size(); ++i) {
            ASSERT_TRUE(machine.ledger->add_header(headers[i], 0, *machine.rows));
            tables::put_best(*machine.rows, i + 2, headers[i].hash);
        }
    };
    const auto old_branch =
        testing::HeaderMiner{chain.genesis(), 1'000'000}.next(2 * Answers::kHeadersAtOnce);
    put(old_branch);
    ask(GetHeaders{{chain.genesis()}, {}});
    EXPECT_TRUE(answers.next(*machine.rows).more);
    put(testing::HeaderMiner{chain.genesis(), 2'000'000}.next(2 * Answers::kHeadersAtOnce + 1));
    const auto said = all();
    ASSERT_EQ(said.size(), 1U);
    const auto& told = std::get<Headers>(said[0]).headers;
    ASSERT_EQ(told.size(), Answers::kHeadersAtOnce);
    EXPECT_EQ(told.back().hash, old_branch[Answers::kHeadersAtOnce - 1].hash);
}

TEST_F(AnswersTest, LookAtSoMuchOfThePoolAtOnce) {
    put_pool(2 * Answers::kPoolRowsAtOnce + 3);
    ask(Mempool{});
    const auto said = all();
    EXPECT_EQ(in_vain, 2U);
    ASSERT_EQ(said.size(), 1U);
    EXPECT_EQ(std::get<Inv>(said[0]).items.size(), 2 * Answers::kPoolRowsAtOnce + 3);
}

TEST_F(AnswersTest, WaitUntilTheNodeKnowsOfThePeer) {
    put_pool(2);
    Answers early;
    Message asked = Mempool{};
    ASSERT_TRUE(early.take(asked));
    const auto part = early.next(*machine.rows);
    EXPECT_FALSE(part.frame || part.more || part.apart);
    put_pool(3);  // by a commit that was under way
    early.begin();
    EXPECT_EQ(std::get<Inv>(*decode(*early.next(*machine.rows).frame, 1024)).items.size(), 3U);
}

TEST_F(AnswersTest, PagesOfThePoolAreMadeApart) {
    ask(Mempool{PoolPage{{}, 10}});
    ask(Mempool{PoolPage{{}, 20}});
    const auto said = all();
    ASSERT_EQ(said.size(), 2U);
    EXPECT_TRUE(std::holds_alternative<PoolInv>(said[0]));
    EXPECT_EQ(made_apart, 2U);
    EXPECT_TRUE(answers.empty());
}

TEST_F(AnswersTest, AreFullOnceTooMuchIsAsked) {
    GetData much;
    much.items.resize(limits::kGetDataItems);
    std::size_t asked = 0;
    while (!answers.is_full()) {
        ask(much);
        asked += 1 + much.items.size();
    }
    EXPECT_GE(asked, Answers::kAskedMax);
    EXPECT_LT(asked, Answers::kAskedMax + 1 + much.items.size());
    answers.clear();
    EXPECT_FALSE(answers.is_full());
    EXPECT_TRUE(answers.empty());
}

}  // namespace
}  // namespace cairn::net
