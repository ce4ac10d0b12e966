#pragma once

#include <optional>
#include <span>

#include "core/consensus/rejection.hpp"
#include "duel/grower.hpp"

namespace duel {

/// A block that breaks one rule, to follow `at`.
struct BadBlock {
    model::Bytes bytes;
    /// A right block under the same header, where only the body is wrong; else empty.
    model::Bytes right;
};

/// One way to break a rule.
struct BadKind {
    const char* name;
    cairn::Rule rule;
    /// Nothing where the chain does not lend itself to it, such as no key that could pay.
    std::optional<BadBlock> (*make)(const model::Chain& at, Grower& grower);

    /// Whether a node keeps the block and finds out only when it connects it.
    [[nodiscard]] bool found_in_connecting() const;
};

[[nodiscard]] std::span<const BadKind> bad_kinds();

}  // namespace duel
