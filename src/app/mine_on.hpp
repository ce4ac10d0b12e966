#pragma once

#include <cstdint>
#include <string>

#include "app/settings.hpp"
#include "core/base/result.hpp"
#include "core/consensus/chain_spec.hpp"

namespace cairn {

/// When a learner's node mines (`--mine-on`).
struct MineOn {
    enum class When : std::uint8_t {
        request,   // /mine alone
        transfer,  // as soon as a transfer waits that a block may hold
        interval,  // so long after each block
    };
    When when = When::request;
    std::uint64_t interval_ms = 0;
};

/// Reads `request`, `transfer` or a number of seconds. All but `request` need a chain with names,
/// where blocks cost nothing and nobody is overtaken, and exclude `--mine`. The error is a
/// sentence.
[[nodiscard]] Result<MineOn, std::string> parse_mine_on(const NodeSettings& settings,
                                                        const ChainSpec& spec);

}  // namespace cairn
