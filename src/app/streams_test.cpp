#include <gtest/gtest.h>

#include <filesystem>

#include "api/block_pieces.hpp"
#include "api/name_book.hpp"
#include "ledger/testing/chain_builder.hpp"
#include "node/node.hpp"
#include "storage/rocks_store.hpp"

namespace cairn {
namespace {

constexpr Now kNow{1000, 1'800'000'000};
constexpr int kBlocks = 300;

/// A node over RocksDB in a directory of its own.
class StreamedChain : public ::testing::Test {
protected:
    StreamedChain() {
        directory_ = std::filesystem::temp_directory_path() /
                     ("cairn-streams-" + std::to_string(::getpid()));
        std::filesystem::create_directories(directory_);
        auto opened = RocksStore::open(directory_ / "store", RocksStoreOptions{});
        EXPECT_TRUE(opened.has_value());
        store_ = std::move(*opened);
        auto node = Node::open(builder_.params(), *store_, {}, kNow);
        EXPECT_TRUE(node.has_value());
        node_ = std::move(*node);
    }
    ~StreamedChain() override {
        node_.reset();
        store_.reset();
        std::filesystem::remove_all(directory_);
    }

    /// Mines `count` blocks above genesis that pay `to` and hands them in, one commit each.
    ViewPtr grow(int count, const Address& to) {
        BlockHash at = builder_.genesis();
        ViewPtr view;
        for (int i = 0; i < count; ++i) {
            testing::BlockWish wish;
            wish.to = to;
            const BlockPtr block = builder_.extend(at, wish);
            EXPECT_TRUE(node_->submit(block, kNow).has_value());
            while (node_->has_more()) node_->step(kNow);
            auto committed = node_->commit(kNow);
            EXPECT_TRUE(committed.has_value());
            view = committed->view;
            at = block->header.hash;
        }
        return view;
    }
    /// Reads a block anew whenever it is asked for.
    static BlockFinder finder(const Staged& rows) {
        return [&rows](Height height, const BlockHash& hash, std::size_t) -> SharedBytes {
            auto read = tables::block(rows, height, hash);
            return read ? std::make_shared<const Bytes>(std::move(*read)) : nullptr;
        };
    }
    [[nodiscard]] std::string render(const View& view) const {
        const Staged rows{view.store};
        BlockPieces pieces{rows, objects_, finder(rows), 1, view.tip.height};
        std::string out;
        while (pieces.next(out)) {
        }
        EXPECT_FALSE(rows.fault().has_value());
        return out;
    }

    testing::ChainBuilder builder_;
    NameBook names_;
    Objects objects_{builder_.params()->spec(), names_};
    std::filesystem::path directory_;
    std::unique_ptr<RocksStore> store_;
    std::unique_ptr<Node> node_;
};

TEST_F(StreamedChain, ShowsOneBranchWholeThoughAnotherReplacesItInTheMiddle) {
    const ViewPtr before = grow(kBlocks, testing::nobody(1));
    const std::string whole = render(*before);

    const Staged rows{before->store};
    BlockPieces reader{rows, objects_, finder(rows), 1, before->tip.height};
    std::string seen;
    for (int i = 0; i < kBlocks / 2; ++i) {
        ASSERT_TRUE(reader.next(seen));
        reader.rest();
    }

    const ViewPtr after = grow(kBlocks + 1, testing::nobody(2));
    ASSERT_NE(after->tip.hash, before->tip.hash);
    ASSERT_EQ(after->tip.height, before->tip.height + 1);

    while (reader.next(seen)) {
    }
    EXPECT_EQ(seen, whole);
    EXPECT_FALSE(rows.fault().has_value());
    EXPECT_NE(render(*after), whole);
}

}  // namespace
}  // namespace cairn
