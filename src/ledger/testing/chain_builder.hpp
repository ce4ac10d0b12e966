#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/consensus/merkle.hpp"
#include "core/primitives/codec.hpp"
#include "core/testing/keys.hpp"
#include "ledger/ledger.hpp"

namespace cairn::testing {

/// What a block shall be; what is not told is right and plain.
struct BlockWish {
    std::vector<TransferPtr> transfers;
    std::optional<Address> to;
    std::optional<UnixSeconds> time;
    Bytes extra;
    std::int64_t reward_more = 0;  // makes the block invalid, as do the next two
    std::int64_t height_more = 0;
    bool broken_signature = false;
};

/// Grows branches of mined blocks, with a book of its own: rules 9 and 10 once more, kept as plain
/// as can be, so that what a ledger ends up with is compared to something that is not the ledger.
class ChainBuilder {
public:
    struct Book {
        std::map<Address, Account> accounts;
        std::uint64_t issued = 0;
        friend bool operator==(const Book&, const Book&) = default;
    };
    using Wish = BlockWish;

    explicit ChainBuilder(ChainSpec spec = easy_spec()) : params_{params_of(std::move(spec))} {
        Node genesis{params_->genesis().header, 1, {}, {}, nullptr};
        for (const auto& [address, account] : connect_genesis(*params_).after)
            genesis.book.accounts.emplace(address, account);
        genesis.book.issued = connect_genesis(*params_).issued;
        nodes_.emplace(params_->genesis().hash, std::move(genesis));
    }

    [[nodiscard]] const std::shared_ptr<const ChainParams>& params() const { return params_; }
    [[nodiscard]] BlockHash genesis() const { return params_->genesis().hash; }
    [[nodiscard]] Keys& keys() { return keys_; }
    [[nodiscard]] const Book& book(const BlockHash& at) const { return nodes_.at(at).book; }
    [[nodiscard]] Height height(const BlockHash& at) const { return nodes_.at(at).height; }
    [[nodiscard]] BlockPtr block(const BlockHash& at) const { return nodes_.at(at).block; }
    [[nodiscard]] BlockHash parent(const BlockHash& at) const {
        return nodes_.at(at).header.previous_hash;
    }

    /// A block on top of `parent`, mined.
    BlockPtr extend(const BlockHash& parent_hash, Wish wish = {}) {
        const Node& parent = nodes_.at(parent_hash);
        Node node;
        node.height = parent.height + 1;
        node.book = parent.book;
        std::uint64_t fees = 0;
        for (const auto& transfer : wish.transfers) fees += apply(*transfer, node.book);
        const std::uint64_t subsidy = subsidy_at(params_->spec(), node.height, node.book.issued);
        Reward reward;
        reward.height = node.height + static_cast<std::uint64_t>(wish.height_more);
        reward.recipient = wish.to.value_or(nobody(1));
        reward.amount = subsidy + fees + static_cast<std::uint64_t>(wish.reward_more);
        Writer unique;
        reward.extra =
            wish.extra.empty() ? unique.integer(++extranonce_).take() : std::move(wish.extra);
        node.book.issued += subsidy;
        open(reward.recipient, node.book).balance += reward.amount;

        std::vector<Bytes> parts{encode(reward)};
        for (const auto& transfer : wish.transfers) parts.push_back(transfer->bytes());
        if (wish.broken_signature) parts.back().back() ^= 1;
        std::vector<Txid> ids;
        for (const auto& part : parts) ids.push_back(txid_of(part));

        BlockHeader header;
        header.previous_hash = parent_hash;
        header.merkle_root = merkle_root(ids);
        header.time =
            wish.time.value_or(std::max(parent.header.time + 10, median_before(parent_hash)));
        node.anchor_time = node.height == 2 ? header.time : parent.anchor_time;
        header.bits =
            required_bits(*params_, parent.height, parent.header.time, parent.anchor_time);
        node.header = header = mined(header);
        const std::vector<ByteView> views(parts.begin(), parts.end());
        auto bytes = std::make_shared<const Bytes>(encode_block(header, views));
        last_bytes_ = bytes;
        if (wish.broken_signature) return nullptr;
        auto checked = check_block(bytes, *params_, [&](const Txid& id) -> TransferPtr {
            for (const auto& transfer : wish.transfers)
                if (transfer->id() == id) return transfer;
            return nullptr;
        });
        if (!checked) {
            ADD_FAILURE() << checked.error().to_string();
            return nullptr;
        }
        node.block = *checked;
        nodes_.emplace(node.block->header.hash, node);
        return *checked;
    }
    /// `count` plain blocks.
    std::vector<BlockPtr> grow(BlockHash at, std::size_t count, const Wish& wish = {}) {
        std::vector<BlockPtr> blocks;
        for (std::size_t i = 0; i < count; ++i) {
            blocks.push_back(extend(at, wish));
            at = blocks.back()->header.hash;
        }
        return blocks;
    }
    /// The encoding of the block made last, right or not.
    [[nodiscard]] const SharedBytes& last_bytes() const { return last_bytes_; }

    /// A transfer of the sender's next nonce after `at`.
    TransferPtr transfer(const BlockHash& at, std::uint64_t from, const Address& to,
                         std::uint64_t amount, std::uint64_t fee = 0) {
        const auto& accounts = book(at).accounts;
        const auto known = accounts.find(keys_.address(from));
        return keys_.transfer(*params_, from, known == accounts.end() ? 0 : known->second.nonce, to,
                              amount, fee);
    }
    /// Block by block from genesis (left out) to `at`.
    [[nodiscard]] std::vector<BlockPtr> way_to(BlockHash at) const {
        std::vector<BlockPtr> blocks;
        for (; at != genesis(); at = parent(at)) blocks.push_back(block(at));
        std::reverse(blocks.begin(), blocks.end());
        return blocks;
    }

private:
    struct Node {
        BlockHeader header;
        Height height = 0;
        UnixSeconds anchor_time = 0;
        Book book;
        BlockPtr block;
    };

    Account& open(const Address& who, Book& book) const {
        if (!book.accounts.contains(who)) {
            const std::uint64_t gift =
                std::min(params_->spec().opening, Amount::kMaxUnits - book.issued);
            book.accounts[who] = Account{gift, 0};
            book.issued += gift;
        }
        return book.accounts[who];
    }
    std::uint64_t apply(const CheckedTransfer& transfer, Book& book) const {
        Account& sender = open(transfer.sender(), book);
        sender.balance -= transfer.cost();
        ++sender.nonce;
        open(transfer.recipient(), book).balance += transfer.amount();
        return transfer.fee();
    }
    [[nodiscard]] UnixSeconds median_before(BlockHash at) const {
        std::vector<UnixSeconds> times;
        while (times.size() < 11) {
            times.push_back(nodes_.at(at).header.time);
            if (at == genesis()) break;
            at = parent(at);
        }
        std::sort(times.begin(), times.end());
        return times[times.size() / 2];
    }

    std::shared_ptr<const ChainParams> params_;
    Keys keys_;
    std::map<BlockHash, Node> nodes_;
    std::uint64_t extranonce_ = 0;
    SharedBytes last_bytes_;
};

}  // namespace cairn::testing
