#include "crash/script.hpp"

namespace crash {

using cairn::BlockPtr;
using cairn::Node;
using cairn::TransferPtr;
using cairn::testing::BlockWish;

namespace {

cairn::ChainSpec spec() {
    auto spec = cairn::testing::easy_spec();
    spec.opening = 1'000'000;
    spec.halving_interval = 5;
    return spec;
}

BlockWish with(std::vector<TransferPtr> transfers) {
    BlockWish wish;
    wish.transfers = std::move(transfers);
    return wish;
}

}  // namespace

TransferPtr Script::pay(std::uint64_t from, std::uint64_t nonce, std::uint8_t to,
                        std::uint64_t amount, std::uint64_t fee, std::size_t data) {
    return chain_.keys().transfer(*chain_.params(), from, nonce, cairn::testing::nobody(to), amount,
                                  fee, data);
}

void Script::blocks(const std::string& name, std::vector<BlockPtr> blocks) {
    steps_.push_back({name,
                      [blocks = std::move(blocks)](Node& node) {
                          std::vector<std::string> answers;
                          for (const auto& block : blocks) {
                              const auto done = node.submit(block, kNow);
                              answers.push_back(done ? done->hash.to_string()
                                                     : done.error().to_string());
                          }
                          return answers;
                      },
                      {},
                      false});
}

void Script::transfers(const std::string& name, std::vector<TransferPtr> transfers) {
    std::vector<cairn::Txid> ids;
    for (const auto& transfer : transfers) ids.push_back(transfer->id());
    steps_.push_back({name,
                      [transfers = std::move(transfers)](Node& node) {
                          std::vector<std::string> answers;
                          for (const auto& transfer : transfers) {
                              const auto done = node.submit(transfer, kNow);
                              answers.push_back(done ? done->executable ? "executable" : "future"
                                                     : done.error().to_string());
                          }
                          return answers;
                      },
                      std::move(ids), false});
}

Script::Script() : chain_{spec()} {
    const auto hash = [](const BlockPtr& block) { return block->header.hash; };
    BlockWish to_us;
    to_us.to = chain_.keys().address(1);
    const auto trunk = chain_.grow(chain_.genesis(), 3, to_us);
    for (const auto& block : trunk) blocks("a block", {block});

    const auto first = pay(1, 0, 10, 5'000, 10);
    const auto second = pay(1, 1, 11, 6'000, 500, 400);
    const auto other = pay(2, 0, 10, 700, 3);
    transfers("a transfer", {first});
    transfers("transfers as one group", {second, other, pay(1, 5, 12, 1)});
    const auto a4 = chain_.extend(hash(trunk[2]), with({first, other}));
    blocks("a block of transfers", {a4});
    transfers("a replacement", {pay(1, 1, 11, 6'000, 5'000, 400)});

    // The rival spends the nonce of `first` otherwise, and leaves `other` out.
    const auto rival = pay(1, 0, 13, 9'999, 1);
    const auto b3 = chain_.extend(hash(trunk[1]));
    const auto b4 = chain_.extend(hash(b3), with({rival}));
    blocks("a rival branch of less work", {b3});
    blocks("a rival branch of equal work", {b4});
    const auto b5 = chain_.extend(hash(b4));
    blocks("a switch of branches", {b5});
    transfers("transfers after the switch", {pay(3, 0, 14, 100, 9), pay(3, 1, 14, 100, 8)});
    steps_.push_back({"an Idempotency-Key",
                      [](Node& node) {
                          cairn::Hash256 key;
                          key.bytes.fill(9);
                          node.remember_idempotency(key, cairn::Txid{}, kNow);
                          return std::vector<std::string>{};
                      },
                      {},
                      false});

    // Back again, by a branch that has more in it.
    const auto a5 = chain_.extend(hash(a4), with({pay(4, 0, 15, 1'000, 7)}));
    const auto a6 = chain_.extend(hash(a5), with({pay(3, 0, 14, 100, 9)}));
    blocks("the first branch again", {a5});
    steps_.back().reopen = true;
    blocks("a switch back", {a6});
    BlockWish greedy;
    greedy.reward_more = 1;
    const auto bad = chain_.extend(hash(a6), greedy);
    const auto on_bad = chain_.extend(hash(bad));
    blocks("an invalid block", {bad});
    blocks("a block on an invalid one", {on_bad});
    transfers("more transfers", {pay(5, 0, 16, 1, 1, 900), pay(6, 0, 16, 2, 1, 900)});
    const auto a7 = chain_.grow(hash(a6), 3, to_us);
    blocks("blocks as one group", a7);
    transfers("a last transfer", {pay(7, 0, 17, 3)});
    last_tip_ = hash(a7.back());
}

}  // namespace crash
