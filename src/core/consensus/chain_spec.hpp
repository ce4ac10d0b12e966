#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"
#include "core/consensus/target.hpp"
#include "core/primitives/digest.hpp"
#include "core/primitives/header.hpp"
#include "core/primitives/public_key.hpp"
#include "core/primitives/time.hpp"

namespace cairn {

struct Allocation {
    Address recipient;
    std::uint64_t amount = 0;  // base units
    friend bool operator==(const Allocation&, const Allocation&) = default;
};

enum class DifficultyMode : std::uint8_t { fixed = 0, asert = 1 };

/// The rules of one chain. Its canonical encoding is committed to by the genesis block, so that
/// different rules mean a different genesis hash.
struct ChainSpec {
    std::string name;
    std::string prefix;  // of addresses, bech32m
    UnixSeconds genesis_time = 0;
    DifficultyMode mode = DifficultyMode::fixed;
    CompactBits bits;                    // of a fixed chain; the easiest of an ASERT chain
    std::uint32_t spacing = 0;           // seconds, 0 when fixed
    std::uint32_t half_life = 0;         // seconds, 0 when fixed
    std::uint64_t subsidy = 0;           // base units
    std::uint64_t halving_interval = 0;  // blocks
    std::uint32_t max_block = 0;         // bytes
    std::uint32_t max_data = 0;          // bytes
    std::uint64_t opening = 0;           // base units for each account opened
    std::uint32_t future_limit = 0;      // seconds, 0: none
    bool names = false;
    std::vector<Allocation> allocations;

    friend bool operator==(const ChainSpec&, const ChainSpec&) = default;
};

[[nodiscard]] Bytes encode(const ChainSpec& spec);

/// Why a spec could not work: the field and a sentence.
struct SpecError {
    std::string field;
    std::string detail;
};

/// A spec that was checked, with all that follows from it. Immutable; shared by every room.
class ChainParams {
public:
    static Result<ChainParams, SpecError> make(ChainSpec spec);

    [[nodiscard]] const ChainSpec& spec() const { return spec_; }
    [[nodiscard]] const HashedHeader& genesis() const { return genesis_; }
    /// The genesis block whole: header, count, commitment, allocations.
    [[nodiscard]] const Bytes& genesis_bytes() const { return genesis_bytes_; }
    /// The target of the spec's bits.
    [[nodiscard]] const U256& limit() const { return limit_; }

private:
    ChainParams() = default;
    ChainSpec spec_;
    HashedHeader genesis_;
    Bytes genesis_bytes_;
    U256 limit_;
};

/// "main", "steady", "dev".
inline constexpr std::array<std::string_view, 3> kBuiltInChains = {"main", "steady", "dev"};
[[nodiscard]] std::optional<ChainSpec> built_in_chain(std::string_view name);

}  // namespace cairn
