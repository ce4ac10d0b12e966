#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

#include "core/base/result.hpp"
#include "node/outcome.hpp"

namespace cairn {

/// Why a question to the nodes has no answer: the store failed, too many wait, the node stops, the
/// caller's time is over.
struct NodesFailure {
    std::string why;  // a sentence
    bool out_of_time = false;
    bool begun = false;  // something of it may have been done
};

/// One row of GET /nodes.
struct ListedNode {
    NodeState state;
    std::optional<std::uint64_t> bytes_in, bytes_out;  // of its connection, if it has one
};

struct RemoveOutcome {
    bool removed = false;
    std::vector<std::string> total_nodes;  // registered now, host:port
};

/// What one node's /inv holds, written anew; or a sentence that says why it is not here.
struct Inventory {
    struct Values {
        std::string elements;  // JSON values with commas between
        bool truncated = false;
    };
    std::string node;  // host:port
    std::variant<Values, std::string> outcome;
};
using Inventories = std::shared_ptr<const std::vector<Inventory>>;

/// Where other nodes are registered, listed and asked. Any thread. Every `done` is called once, on
/// any thread, and must not block; what it tells is durable.
class NodesDesk {
public:
    template <class T>
    using Done = std::function<void(Result<T, NodesFailure>)>;
    /// Asked on the node's thread just before something is changed; false: it must not be, and
    /// nobody waits for an answer.
    using May = std::function<bool()>;

    virtual ~NodesDesk() = default;
    /// Ends when every entry has answered or been tried long enough, or when `stop` fires.
    virtual void register_nodes(std::vector<std::string> texts, std::stop_token stop, May may,
                                Done<RegisterOutcome> done) = 0;
    /// By its address as people write it.
    virtual void remove(std::string address, May may, Done<RemoveOutcome> done) = 0;
    virtual void list(Done<std::vector<ListedNode>> done) = 0;
    /// Ends after `seconds` at the latest, with what the nodes gave until then.
    virtual void resolve(std::uint32_t seconds, std::stop_token stop, May may,
                         Done<ResolveOutcome> done) = 0;
    /// The /inv of every registered node. Callers at one time share one round of questions.
    virtual void inventories(Done<Inventories> done) = 0;
};

}  // namespace cairn
