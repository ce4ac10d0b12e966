#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <utility>

#include "core/consensus/checked.hpp"
#include "core/consensus/header_rules.hpp"
#include "core/crypto/schnorr.hpp"

namespace cairn::testing {

/// Keys by number, and transfers signed with them.
class Keys {
public:
    [[nodiscard]] Address address(std::uint64_t number) { return pair(number).second; }

    /// `value` with the sender and the signature filled in.
    [[nodiscard]] Transfer signed_by(std::uint64_t number, Transfer value,
                                     const ChainParams& params) {
        const auto& [secret, address] = pair(number);
        value.sender = address;
        const Hash256 message = signing_hash(params.genesis().hash, encode_unsigned(value));
        value.signature = signer_.sign(secret, message.bytes, {});
        return value;
    }
    [[nodiscard]] TransferPtr transfer(const ChainParams& params, std::uint64_t from,
                                       std::uint64_t nonce, const Address& to, std::uint64_t amount,
                                       std::uint64_t fee = 0, std::size_t data = 0) {
        Transfer value{{}, nonce, to, amount, fee, Bytes(data, 7), {}};
        return *check_transfer(encode(signed_by(from, std::move(value), params)), params);
    }

private:
    const std::pair<SecretKey, Address>& pair(std::uint64_t number) {
        const auto known = pairs_.find(number);
        if (known != pairs_.end()) return known->second;
        Hash256 seed;
        for (std::size_t i = 0; i < 8; ++i)
            seed.bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
        seed.bytes[31] = 1;
        auto secret = *SecretKey::from_hash(seed);
        const Address address = signer_.public_key(secret);
        return pairs_.emplace(number, std::pair{std::move(secret), address}).first->second;
    }

    SchnorrSigner signer_{std::array<std::uint8_t, 32>{}};
    std::map<std::uint64_t, std::pair<SecretKey, Address>> pairs_;
};

/// 32 bytes that nobody can sign for.
[[nodiscard]] inline Address nobody(std::uint8_t number) {
    Address address;
    address.bytes.fill(0xee);
    address.bytes[0] = number;
    return address;
}

/// A chain on which anything is found at the second try: no opening, no future limit, 50 coins a
/// block.
[[nodiscard]] inline ChainSpec easy_spec() {
    ChainSpec spec;
    spec.name = "proof";
    spec.prefix = "prf";
    spec.genesis_time = 1'000'000;
    spec.bits = CompactBits{0x207fffff};
    spec.subsidy = 50 * Amount::kUnitsPerCoin;
    spec.halving_interval = 210'000;
    spec.max_block = 1024 * 1024;
    spec.max_data = 1024;
    return spec;
}

[[nodiscard]] inline std::shared_ptr<const ChainParams> params_of(ChainSpec spec) {
    return std::make_shared<const ChainParams>(*ChainParams::make(std::move(spec)));
}

/// The nonce that gives `header` its work.
[[nodiscard]] inline BlockHeader mined(BlockHeader header) {
    while (!check_work(hashed(header)) && expand(header.bits)) ++header.nonce;
    return header;
}

}  // namespace cairn::testing
