#include "wallet/user_file.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "core/base/hex.hpp"
#include "json/reader.hpp"
#include "json/writer.hpp"
#include "wallet/password.hpp"

namespace cairn {
namespace {

constexpr std::uint8_t kVersion = 1;

std::optional<std::string_view> text_member(const json::Value& object, std::string_view name) {
    const std::string* text = object[name].string();
    return text == nullptr ? std::nullopt : std::optional<std::string_view>{*text};
}

/// Nothing if it is no whole number.
std::optional<std::int64_t> version_in(const json::Value& object) {
    const json::Number* number = object["version"].number();
    if (number == nullptr) return std::nullopt;
    const char* end = number->text.data() + number->text.size();
    std::int64_t version = 0;
    const auto read = std::from_chars(number->text.data(), end, version);
    if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
    return version;
}

template <std::size_t N>
bool read_hex(std::string_view hex, std::array<std::uint8_t, N>& into) {
    const auto bytes = from_hex(hex);
    if (!bytes || bytes->size() != N) return false;
    std::copy(bytes->begin(), bytes->end(), into.begin());
    return true;
}

std::optional<User> read_user(const json::Value& object) {
    const auto name_text = text_member(object, "name");
    const auto role_text = text_member(object, "role");
    const auto hash = text_member(object, "password_hash");
    const auto keystore = text_member(object, "keystore");
    const auto address = text_member(object, "address");
    if (!name_text || !role_text || !hash || !keystore || !address) return std::nullopt;
    const auto name = UserName::parse(*name_text);
    const auto role = parse_role(*role_text);
    if (!name || !role || !cost_of(*hash)) return std::nullopt;
    User user{*name, *role, std::string{*hash}, {}, {}};
    if (!read_hex(*keystore, user.keystore) || !read_hex(*address, user.address.bytes))
        return std::nullopt;
    return user;
}

}  // namespace

Bytes keystore_context(const UserName& name, const Address& address) {
    Bytes context{address.bytes.begin(), address.bytes.end()};
    append(context, as_bytes(name.key()));
    return context;
}

std::string encode_user_file(const User& user) {
    std::string out;
    json::Writer{out}
        .begin_object()
        .key("version")
        .number(kVersion)
        .key("name")
        .string(user.name.shown())
        .key("role")
        .string(role_name(user.role))
        .key("password_hash")
        .string(user.password_hash)
        .key("keystore")
        .hex(user.keystore)
        .key("address")
        .hex(user.address.bytes)
        .end_object();
    out += '\n';
    return out;
}

Result<User, UserFileError> decode_user_file(std::string_view text) {
    const auto object = json::parse(text);
    if (!object) return fail(UserFileError::malformed);
    const auto version = version_in(*object);
    if (!version || *version < kVersion) return fail(UserFileError::malformed);
    if (*version > kVersion) return fail(UserFileError::newer_version);
    auto user = read_user(*object);
    if (!user) return fail(UserFileError::malformed);
    return std::move(*user);
}

}  // namespace cairn
