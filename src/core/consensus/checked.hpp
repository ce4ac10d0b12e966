#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"
#include "core/consensus/chain_spec.hpp"
#include "core/consensus/rejection.hpp"
#include "core/primitives/amount.hpp"
#include "core/primitives/block.hpp"

namespace cairn {

/// A transfer that passed every rule that can be asked of it alone (rule 8): canonical bytes,
/// amounts in range, data within its limit, signature right. Immutable; id and bytes at hand, so
/// that nothing is hashed, encoded or verified twice. Ledger and pool accept nothing else.
class CheckedTransfer {
public:
    [[nodiscard]] const Txid& id() const { return id_; }
    [[nodiscard]] const Bytes& bytes() const { return bytes_; }
    [[nodiscard]] const Address& sender() const { return value_.sender; }
    [[nodiscard]] const Address& recipient() const { return value_.recipient; }
    [[nodiscard]] std::uint64_t nonce() const { return value_.nonce; }
    [[nodiscard]] std::uint64_t amount() const { return value_.amount; }  // base units
    [[nodiscard]] std::uint64_t fee() const { return value_.fee; }        // base units
    /// Amount and fee, base units; within the cap.
    [[nodiscard]] std::uint64_t cost() const { return value_.amount + value_.fee; }
    [[nodiscard]] const Transfer& value() const { return value_; }

    /// A transfer that this node has checked before and kept: structure is looked at, nothing else.
    [[nodiscard]] static std::shared_ptr<const CheckedTransfer> from_store(Bytes bytes);

private:
    friend Result<std::shared_ptr<const CheckedTransfer>, Rejection> check_transfer(
        Bytes bytes, const ChainParams& params);
    friend struct CheckedParts;
    CheckedTransfer(Txid id, Bytes bytes, Transfer value)
        : id_{id}, bytes_{std::move(bytes)}, value_{std::move(value)} {}

    Txid id_;
    Bytes bytes_;
    Transfer value_;
};
using TransferPtr = std::shared_ptr<const CheckedTransfer>;

/// Rule 8. Pure; any thread. Errors: malformed, data_size, amount_positive, amount_range,
/// signature.
[[nodiscard]] Result<TransferPtr, Rejection> check_transfer(Bytes bytes, const ChainParams& params);

/// A block that passed the rules that can be asked of it alone (6 to 8).
struct CheckedBlock {
    HashedHeader header;
    std::vector<TransferPtr> transfers;
    Reward reward;
    Txid reward_id;
    SharedBytes bytes;
};
using BlockPtr = std::shared_ptr<const CheckedBlock>;

/// Finds a transfer whose signature this node has verified already; null if it has not.
using KnownTransfers = std::function<TransferPtr(const Txid&)>;

/// Rules 6 to 8; the header's own rules are asked by the ledger. Pure; any thread.
/// Errors: `malformed` and `merkle_root` speak of the body only; every other condemns the header.
[[nodiscard]] Result<BlockPtr, Rejection> check_block(SharedBytes bytes, const ChainParams& params,
                                                      const KnownTransfers& known);

/// A block of our own store, whose rules were asked when it came. Null if it does not decode.
[[nodiscard]] BlockPtr block_from_store(SharedBytes bytes);

/// Whether a verdict on a body is one on its header as well.
[[nodiscard]] constexpr bool condemns_header(Rule rule) {
    return rule != Rule::malformed && rule != Rule::merkle_root;
}

}  // namespace cairn
