#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "core/base/result.hpp"
#include "core/consensus/chain_spec.hpp"
#include "core/crypto/schnorr.hpp"

namespace cairn {

/// A text that stands for an account on chains with names: 1 to 64 bytes, taken byte for byte. Its
/// key follows from the text, so everyone can sign for it: such a chain is for learning.
struct Name {
    static constexpr std::size_t kMaxSize = 64;
    std::string text;
    friend bool operator==(const Name&, const Name&) = default;
};

/// Who is meant where an address is expected.
using Party = std::variant<Address, Name>;

/// Reads an address or, where the chain has names, a name. The error is a sentence that says what
/// was wrong and what would be right. Source: docs/consensus.md, Names.
[[nodiscard]] Result<Party, std::string> parse_party(std::string_view text, const ChainSpec& spec);

/// The secret key of a name: the tagged hash `cairn/name` of its text, modulo the group order.
[[nodiscard]] SecretKey name_key(const Name& name);
[[nodiscard]] Address name_address(const Name& name, const SchnorrSigner& signer);

}  // namespace cairn
