#pragma once

#include <memory>
#include <string>

#include "core/base/result.hpp"
#include "core/consensus/chain_spec.hpp"

namespace cairn {

/// The chain that `--chain` names: main, steady, dev, or a TOML file. The error is a sentence.
[[nodiscard]] Result<std::shared_ptr<const ChainParams>, std::string> load_chain(
    const std::string& name_or_file);

/// A chain spec as TOML, and back. Amounts are coins, exact; allocations are addresses of the
/// chain.
[[nodiscard]] std::string to_toml(const ChainSpec& spec);
[[nodiscard]] Result<ChainSpec, std::string> chain_from_toml(const std::string& text,
                                                             const std::string& source);

}  // namespace cairn
