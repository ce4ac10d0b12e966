#include "core/consensus/names.hpp"

#include <algorithm>

#include "core/base/ensure.hpp"
#include "core/crypto/sha256.hpp"
#include "core/primitives/address.hpp"

namespace cairn {
namespace {

std::string lower(std::string_view text) {
    std::string out{text};
    std::transform(out.begin(), out.end(), out.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return out;
}

/// Whether a text claims to be an address: what stands before its last `1` is a chain's prefix.
/// Case is folded, for bech32m may be written in capitals.
bool claims_address(std::string_view text, const ChainSpec& spec) {
    const auto separator = text.rfind('1');
    if (separator == std::string_view::npos) return false;
    const std::string prefix = lower(text.substr(0, separator));
    if (prefix == spec.prefix) return true;
    return std::any_of(kBuiltInChains.begin(), kBuiltInChains.end(), [&](std::string_view name) {
        return built_in_chain(name)->prefix == prefix;
    });
}

}  // namespace

Result<Party, std::string> parse_party(std::string_view text, const ChainSpec& spec) {
    if (const auto address = parse_address(text, spec.prefix)) return Party{*address};
    const std::string wanted = "an address of this chain (" + spec.prefix + "1…)";
    if (text.empty()) return fail("is empty; expected " + wanted);
    if (!spec.names || claims_address(text, spec))
        return fail("is not a valid address: expected " + wanted + " with a right checksum");
    if (text == "0") return fail("\"0\" is the sender of rewards; expected a name or " + wanted);
    if (text.size() > Name::kMaxSize)
        return fail("is longer than 64 bytes; expected a shorter name or " + wanted);
    return Party{Name{std::string{text}}};
}

SecretKey name_key(const Name& name) {
    static const Sha256 tagged = tagged_sha256("cairn/name");
    Sha256 hasher = tagged;
    auto key = SecretKey::from_hash(hasher.write(as_bytes(name.text)).finish());
    ENSURE(key.has_value());  // zero modulo the order: a preimage of SHA-256 that nobody can find
    return std::move(*key);
}

Address name_address(const Name& name, const SchnorrSigner& signer) {
    return signer.public_key(name_key(name));
}

}  // namespace cairn
