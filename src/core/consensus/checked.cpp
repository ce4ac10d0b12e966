#include "core/consensus/checked.hpp"

#include "core/consensus/merkle.hpp"
#include "core/crypto/schnorr.hpp"
#include "core/primitives/coins.hpp"

namespace cairn {

/// Makes checked values of parts; only this file decides when that is right.
struct CheckedParts {
    static TransferPtr transfer(Txid id, Bytes bytes, Transfer value) {
        bytes.shrink_to_fit();  // many are kept for long
        return TransferPtr{new CheckedTransfer{id, std::move(bytes), std::move(value)}};
    }
};

namespace {

std::optional<Rejection> check_amounts(const Transfer& transfer) {
    const std::string range = "at most " + format_coin_units(Amount::kMaxUnits) + " coins";
    if (transfer.amount == 0) return Rejection{Rule::amount_positive, "an amount above 0", "0"};
    if (!Amount::from_units(transfer.amount))
        return Rejection{Rule::amount_range, range,
                         "an amount of " + format_coin_units(transfer.amount)};
    if (!Amount::from_units(transfer.fee))
        return Rejection{Rule::amount_range, range, "a fee of " + format_coin_units(transfer.fee)};
    if (!Amount::from_units(transfer.amount + transfer.fee))
        return Rejection{Rule::amount_range, range,
                         "amount and fee of " + format_coin_units(transfer.amount + transfer.fee)};
    return std::nullopt;
}

std::optional<Rejection> check_rule_8(const Transfer& transfer, ByteView bytes,
                                      const ChainParams& params) {
    if (transfer.data.size() > params.spec().max_data)
        return Rejection{Rule::data_size,
                         "at most " + std::to_string(params.spec().max_data) + " bytes of data",
                         std::to_string(transfer.data.size())};
    if (auto bad = check_amounts(transfer)) return bad;
    const Hash256 message = signing_hash(params.genesis().hash, bytes.first(bytes.size() - 64));
    if (!schnorr_verify(transfer.sender, message.bytes, transfer.signature))
        return Rejection{Rule::signature, "the sender's BIP340 signature for this chain",
                         "a signature that does not verify"};
    return std::nullopt;
}

Rejection not_first(std::string found) {
    return {Rule::reward_first, "one reward, in first place", std::move(found)};
}

}  // namespace

TransferPtr CheckedTransfer::from_store(Bytes bytes) {
    auto value = decode_transfer(bytes);
    if (!value) return nullptr;
    const Txid id = txid_of(bytes);
    return CheckedParts::transfer(id, std::move(bytes), std::move(*value));
}

Result<TransferPtr, Rejection> check_transfer(Bytes bytes, const ChainParams& params) {
    auto value = decode_transfer(bytes);
    if (!value)
        return fail(Rejection{Rule::malformed, "a transfer's encoding",
                              std::to_string(bytes.size()) + " bytes that do not decode"});
    if (auto bad = check_rule_8(*value, bytes, params)) return fail(std::move(*bad));
    const Txid id = txid_of(bytes);
    return CheckedParts::transfer(id, std::move(bytes), std::move(*value));
}

Result<BlockPtr, Rejection> check_block(SharedBytes bytes, const ChainParams& params,
                                        const KnownTransfers& known) {
    auto decoded = decode_block(*bytes);
    if (!decoded)
        return fail(Rejection{Rule::malformed, "a block's encoding",
                              std::to_string(bytes->size()) + " bytes that do not decode"});

    // The root comes first: only a body that is the header's own may condemn it.
    std::vector<Txid> ids;
    ids.reserve(decoded->transactions.size());
    for (const auto& transaction : decoded->transactions) ids.push_back(transaction.id);
    const MerkleRoot root = merkle_root(ids);
    if (root != decoded->header.merkle_root)
        return fail(Rejection{Rule::merkle_root, decoded->header.merkle_root.to_string(),
                              root.to_string()});

    if (bytes->size() > params.spec().max_block)
        return fail(Rejection{Rule::block_size,
                              "at most " + std::to_string(params.spec().max_block) + " bytes",
                              std::to_string(bytes->size())});
    if (decoded->transactions.empty()) return fail(not_first("no transaction"));

    auto block = std::make_shared<CheckedBlock>();
    for (std::size_t i = 0; i < decoded->transactions.size(); ++i) {
        auto& slice = decoded->transactions[i];
        if (auto* reward = std::get_if<Reward>(&slice.value)) {
            if (i != 0) return fail(not_first("a reward in place " + std::to_string(i)));
            block->reward = std::move(*reward);
            block->reward_id = slice.id;
            continue;
        }
        if (i == 0) return fail(not_first("a transfer in place 0"));
        if (auto verified = known ? known(slice.id) : nullptr) {
            block->transfers.push_back(std::move(verified));
            continue;
        }
        auto& transfer = std::get<Transfer>(slice.value);
        if (auto bad = check_rule_8(transfer, slice.bytes, params)) {
            bad->found += " (transfer " + slice.id.to_string() + ")";
            return fail(std::move(*bad));
        }
        block->transfers.push_back(CheckedParts::transfer(
            slice.id, Bytes(slice.bytes.begin(), slice.bytes.end()), std::move(transfer)));
    }
    block->header = hashed(decoded->header);
    block->bytes = std::move(bytes);
    return block;
}

BlockPtr block_from_store(SharedBytes bytes) {
    auto decoded = decode_block(*bytes);
    if (!decoded || decoded->transactions.empty()) return nullptr;
    auto block = std::make_shared<CheckedBlock>();
    for (auto& slice : decoded->transactions) {
        if (auto* transfer = std::get_if<Transfer>(&slice.value)) {
            block->transfers.push_back(CheckedParts::transfer(
                slice.id, Bytes(slice.bytes.begin(), slice.bytes.end()), std::move(*transfer)));
        } else if (&slice == &decoded->transactions.front()) {
            block->reward = std::get<Reward>(slice.value);
            block->reward_id = slice.id;
        }
    }
    block->header = hashed(decoded->header);
    block->bytes = std::move(bytes);
    return block;
}

}  // namespace cairn
