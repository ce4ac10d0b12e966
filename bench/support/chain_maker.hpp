#pragma once

#include <memory>
#include <vector>

#include "core/base/ensure.hpp"
#include "core/consensus/chain_spec.hpp"
#include "core/testing/keys.hpp"
#include "miner/search.hpp"
#include "miner/template.hpp"
#include "node/node.hpp"
#include "storage/memory_store.hpp"

namespace cairn::bench {

inline constexpr UnixSeconds kWall = 1'900'000'000;

/// The dev chain's rules, on which any second hash is a block and every account opens with 100
/// coins.
inline std::shared_ptr<const ChainParams> dev_params() {
    return testing::params_of(*built_in_chain("dev"));
}

/// Grows a chain in memory as a miner would: a node makes the template, the search finds the nonce,
/// the node takes the block.
class ChainMaker {
public:
    explicit ChainMaker(std::shared_ptr<const ChainParams> params, std::uint8_t miner = 1)
        : params_{std::move(params)}, miner_{testing::nobody(miner)} {
        NodeOptions options;
        options.pool.bytes = 256 * 1024 * 1024;
        auto opened = Node::open(params_, store_, options, now());
        ENSURE(opened.has_value());
        node_ = std::move(*opened);
        node_->set_mining(true);
        work_ = commit();
    }

    [[nodiscard]] const std::shared_ptr<const ChainParams>& params() const { return params_; }

    /// A block of `transfers` on the tip; its bytes.
    SharedBytes mine(const std::vector<TransferPtr>& transfers = {}) {
        for (const auto& transfer : transfers) ENSURE(node_->submit(transfer, now()).has_value());
        if (!transfers.empty()) work_ = commit();
        ENSURE(work_->transfers.size() == transfers.size());
        ++extranonce_;
        auto block = assemble(*work_, miner_, reward_extra(extranonce_, {}),
                              params_->spec().genesis_time + static_cast<UnixSeconds>(extranonce_));
        const auto target = expand(block.header.bits);
        block.header.nonce = *search(block.header, {0, std::uint64_t{1} << 32}, *target);
        auto bytes = std::make_shared<const Bytes>(encode_block(*work_, block));
        take(bytes);
        return bytes;
    }
    std::vector<SharedBytes> mine_empty(std::size_t count) {
        std::vector<SharedBytes> blocks;
        for (std::size_t i = 0; i < count; ++i) blocks.push_back(mine());
        return blocks;
    }
    /// Puts a block that was made elsewhere on the tip.
    void take(const SharedBytes& bytes) {
        ENSURE(node_->submit(block_from_store(bytes), now()).has_value());
        work_ = commit();
    }

    [[nodiscard]] static Now now() { return Now{0, kWall}; }

private:
    TemplatePtr commit() {
        // A node may pace its templates: a quarter of an hour goes by between two of ours.
        steady_ += 1'000'000;
        auto committed = node_->commit(Now{steady_, kWall});
        ENSURE(committed.has_value());
        return committed->work;
    }

    std::shared_ptr<const ChainParams> params_;
    Address miner_;
    MemoryStore store_;
    std::unique_ptr<Node> node_;
    TemplatePtr work_;
    Tick steady_ = 0;
    std::uint64_t extranonce_ = 0;
};

/// Signed transfers of one coin's ten-thousandth from `senders` accounts in turn, each with its
/// next nonce, to as many other accounts. They are not verified here.
class TransferMaker {
public:
    TransferMaker(std::shared_ptr<const ChainParams> params, std::size_t senders)
        : params_{std::move(params)}, nonces_(senders) {}

    TransferPtr next() {
        const std::size_t from = at_++ % nonces_.size();
        const Address to = keys_.address(nonces_.size() + (at_ * 7) % nonces_.size());
        Transfer value{{}, nonces_[from]++, to, 10'000, 1 + at_ % 100, {}, {}};
        return CheckedTransfer::from_store(
            encode(keys_.signed_by(from, std::move(value), *params_)));
    }
    std::vector<TransferPtr> take(std::size_t count) {
        std::vector<TransferPtr> transfers;
        for (std::size_t i = 0; i < count; ++i) transfers.push_back(next());
        return transfers;
    }

private:
    std::shared_ptr<const ChainParams> params_;
    std::vector<std::uint64_t> nonces_;
    testing::Keys keys_;
    std::size_t at_ = 0;
};

}  // namespace cairn::bench
