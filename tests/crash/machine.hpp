#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "crash/script.hpp"
#include "storage/rocks_store.hpp"
#include "storage/testing/faulty_fs.hpp"

namespace crash {

/// What a run of the script that nothing disturbs leaves behind, by the twin in memory.
struct Reference {
    explicit Reference(const Script& script);

    /// All rows after the chain was begun, then after each step.
    std::vector<std::vector<cairn::Row>> rows;
    std::vector<std::vector<std::string>> answers;
    cairn::Hash256 chain;           // digest of what follows from the best chain, at the end
    std::set<cairn::Txid> pending;  // at the end
};

/// A node on a store on a disk that fails when told to.
class Machine {
public:
    explicit Machine(const Script& script) : script_{script} {}

    /// Store, then node. False: an error, which `error` holds.
    bool open();
    /// Runs steps from the one that is due until the end, or until one is not acknowledged. An
    /// answer that leaves is held against the reference.
    void run(const Reference& reference);
    /// The way back after a failed write, as the node's thread goes it.
    bool recover();
    void close();

    [[nodiscard]] bool finished() const { return acknowledged == script_.steps().size(); }
    /// How many rows-of-reference the store may show: acknowledged steps, none before the beginning
    /// of the chain was.
    [[nodiscard]] std::string lost(const Reference& reference, bool with_one_in_flight);
    /// Whether every transfer that was acknowledged is in the chain, in the pool, or was dropped
    /// for a reason. The first that is not, or nothing.
    [[nodiscard]] std::string lost_transfer() const;
    [[nodiscard]] std::string differs_at_the_end(const Reference& reference) const;

    std::shared_ptr<cairn::testing::FaultyFs> disk = std::make_shared<cairn::testing::FaultyFs>();
    std::unique_ptr<cairn::RocksStore> store;
    std::unique_ptr<cairn::Node> node;
    std::size_t acknowledged = 0;
    bool begun = false;  // the genesis rows were acknowledged
    bool reopened = false;
    std::string error;

private:
    bool open_node();
    const Script& script_;
};

}  // namespace crash
