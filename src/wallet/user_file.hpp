#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"
#include "core/primitives/public_key.hpp"
#include "wallet/keystore.hpp"
#include "wallet/user_name.hpp"

namespace cairn {

/// A user as kept on disk. Holds no secret in clear, but the hash is worth hiding.
struct User {
    UserName name;
    Role role = Role::member;
    std::string password_hash;  // PHC
    Keystore keystore{};        // 32 bytes of BIP39 entropy, under the password
    Address address;            // of the key at m/44'/1'/0'/0/0
};

/// What a user's keystore is bound to: the address, then the name in small letters.
[[nodiscard]] Bytes keystore_context(const UserName& name, const Address& address);

/// {"version":1,"name","role","password_hash","keystore","address"}: bytes are hex, the address
/// too, since a user outlives a chain and its prefix.
[[nodiscard]] std::string encode_user_file(const User& user);

enum class UserFileError : std::uint8_t { malformed, newer_version };
[[nodiscard]] Result<User, UserFileError> decode_user_file(std::string_view json);

/// A user file is about 500 bytes; more than this is none.
inline constexpr std::size_t kUserFileMax = std::size_t{16} * 1024;

}  // namespace cairn
