#include "wallet/password.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include "json/utf8.hpp"
#include "wallet/sodium.hpp"
#include "wallet/user_name.hpp"

namespace cairn {
namespace {

// The head of every published list, of those that are long enough, and this project's own words.
constexpr std::array<std::string_view, 36> kCommon = {
    "00000000",    "11111111",   "12341234",   "12345678",      "123456789", "1234567890",
    "123123123",   "1q2w3e4r",   "1q2w3e4r5t", "1qaz2wsx",      "87654321",  "987654321",
    "abcd1234",    "abcdefgh",   "admin123",   "administrator", "asdfasdf",  "asdfghjkl",
    "baseball",    "blockchain", "changeme",   "changeme123",   "football",  "iloveyou",
    "letmein1",    "operator",   "operator1",  "passw0rd",      "password",  "password1",
    "password123", "princess",   "qwerty123",  "qwertyuiop",    "sunshine",  "trustno1"};

/// Takes `prefix` and a decimal number off the front of `text`.
std::optional<std::uint32_t> take_number(std::string_view& text, std::string_view prefix) {
    if (!text.starts_with(prefix)) return std::nullopt;
    text.remove_prefix(prefix.size());
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return value;
}

}  // namespace

std::optional<PasswordFlaw> flaw_of(std::string_view password, std::string_view name) {
    if (password.size() > kPasswordMaxBytes) return PasswordFlaw::too_long;
    if (json::count_characters(password) < kPasswordMinCharacters) return PasswordFlaw::too_short;
    const auto folded = fold_case(password);
    const bool repeated = folded.find_first_not_of(folded.front()) == std::string::npos;
    const bool listed = std::find(kCommon.begin(), kCommon.end(), folded) != kCommon.end();
    if (repeated || listed || folded == fold_case(name)) return PasswordFlaw::too_common;
    return std::nullopt;
}

std::string_view describe(PasswordFlaw flaw) {
    switch (flaw) {
        case PasswordFlaw::too_short:
            return "the password needs at least 8 characters";
        case PasswordFlaw::too_long:
            return "the password may have at most 1024 bytes";
        case PasswordFlaw::too_common:
            return "the password is too easy to guess";
    }
    return "the password cannot be used";
}

std::optional<std::string> hash_password(const SecretText& password, const Argon2Cost& cost) {
    require_sodium();
    if (!is_possible(cost)) return std::nullopt;
    std::array<char, crypto_pwhash_STRBYTES> phc{};
    const auto text = password.reveal();
    if (crypto_pwhash_str_alg(phc.data(), text.data(), text.size(), cost.passes,
                              std::size_t{cost.memory_kib} * 1024,
                              crypto_pwhash_ALG_ARGON2ID13) != 0)
        return std::nullopt;
    return std::string{phc.data()};
}

bool verify_password(const std::string& phc, const SecretText& password) {
    require_sodium();
    const auto text = password.reveal();
    return cost_of(phc) && text.size() <= kPasswordMaxBytes &&
           crypto_pwhash_str_verify(phc.c_str(), text.data(), text.size()) == 0;
}

std::optional<Argon2Cost> cost_of(std::string_view phc) {
    if (phc.size() >= crypto_pwhash_STRBYTES || phc.find('\0') != std::string_view::npos)
        return std::nullopt;
    const auto memory = take_number(phc, "$argon2id$v=19$m=");
    if (!memory) return std::nullopt;
    const auto passes = take_number(phc, ",t=");
    if (!passes) return std::nullopt;
    const auto lanes = take_number(phc, ",p=");
    const Argon2Cost cost{*memory, *passes};
    if (!lanes || *lanes == 0 || *lanes > 16 || !phc.starts_with('$') || !is_possible(cost))
        return std::nullopt;
    return cost;
}

bool needs_rehash(std::string_view phc, const Argon2Cost& wanted) {
    const auto cost = cost_of(phc);
    return !cost || cost->memory_kib < wanted.memory_kib || cost->passes < wanted.passes;
}

}  // namespace cairn
