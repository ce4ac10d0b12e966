#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/bytes.hpp"

namespace model {

constexpr std::uint64_t kCoin = 100'000'000;
constexpr std::uint64_t kCap = (1ULL << 25) * kCoin;

struct Allocation {
    Bytes32 recipient{};
    std::uint64_t amount = 0;
};

struct Spec {
    std::string name;
    std::string prefix;
    std::uint32_t genesis_time = 0;
    bool asert = false;
    std::uint32_t bits = 0;
    std::uint32_t spacing = 0;
    std::uint32_t half_life = 0;
    std::uint64_t subsidy = 0;
    std::uint64_t halving_interval = 0;
    std::uint32_t max_block = 0;
    std::uint32_t max_data = 0;
    std::uint64_t opening = 0;
    std::uint32_t future_limit = 0;
    bool names = false;
    std::vector<Allocation> allocations;
};

/// `main`, `steady` or `dev`.
std::optional<Spec> built_in(std::string_view name);
Bytes canonical(const Spec& spec);
std::optional<Spec> decode_spec(View bytes);
/// The name of the first field that could not work; empty if all can.
std::string unworkable_field(const Spec& spec);
/// The whole genesis block, as the chain holds it.
Bytes genesis_block(const Spec& spec);
Bytes32 genesis_hash(const Spec& spec);

}  // namespace model
