#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "ledger/testing/chain_builder.hpp"
#include "node/node.hpp"

namespace crash {

/// What one group of commands stages; its answers in words, which leave only once it is durable.
struct Step {
    std::string name;
    std::function<std::vector<std::string>(cairn::Node&)> run;
    std::vector<cairn::Txid> admitted;  // transfers that an answer acknowledges
    bool reopen = false;                // the node and its store are opened anew before
};

/// The life of a node in two dozen commits: transfers into the pool, blocks with and without them,
/// two switches of branches (one drops a transfer, one brings some back), invalid blocks, and a
/// restart of the process, so that rows are read from files as well as from memory.
class Script {
public:
    static constexpr cairn::Now kNow{5'000, 1'500'000'000};

    Script();

    [[nodiscard]] const std::shared_ptr<const cairn::ChainParams>& chain() const {
        return chain_.params();
    }
    [[nodiscard]] const std::vector<Step>& steps() const { return steps_; }
    [[nodiscard]] cairn::BlockHash last_tip() const { return last_tip_; }

private:
    void blocks(const std::string& name, std::vector<cairn::BlockPtr> blocks);
    void transfers(const std::string& name, std::vector<cairn::TransferPtr> transfers);
    [[nodiscard]] cairn::TransferPtr pay(std::uint64_t from, std::uint64_t nonce, std::uint8_t to,
                                         std::uint64_t amount, std::uint64_t fee = 0,
                                         std::size_t data = 0);

    cairn::testing::ChainBuilder chain_;
    std::vector<Step> steps_;
    cairn::BlockHash last_tip_;
};

}  // namespace crash
