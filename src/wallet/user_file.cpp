#include "wallet/user_file.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <optional>

#include "core/base/hex.hpp"
#include "wallet/password.hpp"

namespace cairn {
namespace {

namespace json = boost::json;

constexpr std::int64_t kVersion = 1;

std::optional<std::string_view> text_member(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    if (value == nullptr || !value->is_string()) return std::nullopt;
    return std::string_view{value->get_string()};
}

template <std::size_t N>
bool read_hex(std::string_view hex, std::array<std::uint8_t, N>& into) {
    const auto bytes = from_hex(hex);
    if (!bytes || bytes->size() != N) return false;
    std::copy(bytes->begin(), bytes->end(), into.begin());
    return true;
}

std::optional<User> read_user(const json::object& object) {
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
    const json::object object = {{"version", kVersion},
                                 {"name", user.name.shown()},
                                 {"role", role_name(user.role)},
                                 {"password_hash", user.password_hash},
                                 {"keystore", to_hex(user.keystore)},
                                 {"address", to_hex(user.address.bytes)}};
    return json::serialize(object) + "\n";
}

Result<User, UserFileError> decode_user_file(std::string_view text) {
    json::error_code error;
    const auto value = json::parse(text, error);
    const auto* object = error ? nullptr : value.if_object();
    if (object == nullptr) return fail(UserFileError::malformed);
    const auto* version = object->if_contains("version");
    if (version == nullptr || !version->is_int64() || version->get_int64() < kVersion)
        return fail(UserFileError::malformed);
    if (version->get_int64() > kVersion) return fail(UserFileError::newer_version);
    auto user = read_user(*object);
    if (!user) return fail(UserFileError::malformed);
    return std::move(*user);
}

}  // namespace cairn
