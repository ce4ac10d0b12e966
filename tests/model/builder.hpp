#pragma once

#include <optional>

#include "model/crypto.hpp"
#include "model/ledger.hpp"

namespace model {

/// Makes blocks on top of a chain, right ones unless told otherwise.
struct Draft {
    explicit Draft(const Chain& chain)
        : header{0x20000000, chain.tip(), {}, chain.median_time(), chain.required_bits(), 0},
          reward{chain.height() + 1, {}, chain.subsidy(chain.state().issued), {}} {}

    Draft& with(const Transfer& transfer) {
        transfers.push_back(encode(transfer));
        reward.amount += transfer.fee;
        return *this;
    }

    std::vector<Bytes> transactions() const {
        std::vector<Bytes> all{encode(reward)};
        all.insert(all.end(), transfers.begin(), transfers.end());
        return all;
    }

    /// With the root of its own transactions and work done.
    Bytes mine() { return mine(transactions()); }
    Bytes mine(const std::vector<Bytes>& body) {
        std::vector<Bytes32> ids;
        for (const auto& transaction : body) ids.push_back(double_sha256(transaction));
        header.merkle_root = merkle_root(ids);
        work();
        return encode(header, body);
    }
    void work() {
        const auto target = *target_of(header.bits);
        while (integer_of(double_sha256(encode(header))) > target) ++header.nonce;
    }

    Header header;
    Reward reward;
    std::vector<Bytes> transfers;
};

/// A key for tests: secret 32 bytes of `number`.
struct Key {
    explicit Key(std::uint8_t number) {
        secret.fill(number);
        address = public_key(secret);
    }
    Transfer transfer(const Chain& chain, std::uint64_t nonce, const Bytes32& to,
                      std::uint64_t amount, std::uint64_t fee = 0, Bytes data = {}) const {
        Transfer out{address, nonce, to, amount, fee, std::move(data), {}};
        return signed_for(chain, out);
    }
    Transfer signed_for(const Chain& chain, Transfer transfer) const {
        transfer.signature = sign(secret, signing_hash(chain.genesis(), transfer));
        return transfer;
    }
    Bytes32 secret{};
    Bytes32 address{};
};

inline int rule(const std::optional<Verdict>& verdict) { return verdict ? verdict->rule : -1; }

}  // namespace model
