#pragma once

#include <map>
#include <memory>
#include <vector>

#include "core/testing/keys.hpp"
#include "sim/machine.hpp"

namespace cairn::sim {

/// Accounts whose owners post transfers to whichever node they like, also to two at once that do
/// not hear of each other.
class Senders {
public:
    /// Their keys are `testing::Keys` from this number on.
    static constexpr std::uint64_t kFirstKey = 1'000;

    struct Sent {
        TransferPtr transfer;
        HostId at = 0;  // the node that acknowledged it
    };

    Senders(const ChainParams& params, Checker& checker, std::size_t count, Random random);

    [[nodiscard]] std::vector<Address> addresses();
    /// Somebody posts a transfer to this node: mostly of the next nonce it knows of, sometimes to
    /// replace the last one, sometimes ahead of its turn.
    void send(Machine& to);
    /// What was acknowledged, and is therefore to be found.
    [[nodiscard]] const std::vector<Sent>& acknowledged() const { return acknowledged_; }
    [[nodiscard]] std::uint64_t refused() const { return refused_; }

private:
    const ChainParams& params_;
    Checker& checker_;
    std::size_t count_;
    Random random_;
    testing::Keys keys_;
    std::vector<Sent> acknowledged_;
    std::uint64_t refused_ = 0;
};

}  // namespace cairn::sim
