#pragma once

#include <optional>
#include <variant>

#include "model/bytes.hpp"

namespace model {

constexpr std::size_t kHeaderSize = 80;

struct Header {
    std::uint32_t version = 0;
    Bytes32 previous_hash{};
    Bytes32 merkle_root{};
    std::uint32_t time = 0;
    std::uint32_t bits = 0;
    std::uint32_t nonce = 0;
};

struct Transfer {
    Bytes32 sender{};
    std::uint64_t nonce = 0;
    Bytes32 recipient{};
    std::uint64_t amount = 0;
    std::uint64_t fee = 0;
    Bytes data;
    std::array<std::uint8_t, 64> signature{};
};

struct Reward {
    std::uint64_t height = 0;
    Bytes32 recipient{};
    std::uint64_t amount = 0;
    Bytes extra;
};

struct Transaction {
    std::variant<Reward, Transfer> content;
    Bytes encoded;
    Bytes32 id{};
};

struct Block {
    Header header;
    Bytes32 hash{};
    std::vector<Transaction> transactions;
    std::size_t size = 0;
};

Bytes encode(const Header& header);
Bytes encode(const Reward& reward);
Bytes encode(const Transfer& transfer);
Bytes encode(const Header& header, const std::vector<Bytes>& transactions);

/// Structure only: exactly what would be encoded so, with nothing behind it.
std::optional<Block> decode_block(View bytes);
/// What a sender signs.
Bytes32 signing_hash(const Bytes32& genesis, const Transfer& transfer);

Bytes32 merkle_root(std::vector<Bytes32> ids);
/// The root that a leaf, its place among `count` and its siblings lead to; nothing if their number
/// is wrong.
std::optional<Bytes32> merkle_climb(Bytes32 leaf, std::uint64_t position, std::uint64_t count,
                                    const std::vector<Bytes32>& branch);

}  // namespace model
