#include "wallet/users.hpp"

#include <algorithm>
#include <system_error>

#include "wallet/atomic_file.hpp"
#include "wallet/bip39.hpp"
#include "wallet/random.hpp"
#include "wallet/unlocked_key.hpp"

namespace cairn {
namespace {

constexpr std::string_view kExtension = ".json";
constexpr std::string_view kOperator = "operator";
constexpr std::string_view kOperatorPasswordFile = "operator.password";
constexpr std::size_t kEntropySize = 32;

std::filesystem::path folder_of(const std::filesystem::path& datadir) { return datadir / "users"; }

Address address_of(const SecretKey& key) {
    return SchnorrSigner{random_bytes<32>()}.public_key(key);
}

/// The entropy behind a user's words; wrong_password as well if the keystore was tampered with.
Result<SecretBytes, UserError> open_entropy(const User& user, const SecretText& password) {
    auto entropy =
        open_keystore(user.keystore, password, keystore_context(user.name, user.address));
    if (!entropy) return fail(UserError::wrong_password);
    return std::move(*entropy);
}

/// The user in a file of `users/`, or the reason why there is none.
Result<User, std::string> read_user_file(const std::filesystem::path& path) {
    using namespace std::string_literals;
    const auto content = read_small_file(path, kUserFileMax);
    if (!content) return fail(content.error().message());
    auto user = decode_user_file(as_text(content->view()));
    if (!user)
        return fail(user.error() == UserFileError::newer_version
                        ? "it was written by a newer version"s
                        : "it is damaged or not a user's"s);
    if (user->name.key() + std::string{kExtension} != path.filename().string())
        return fail("it holds a user of another name"s);
    return std::move(*user);
}

}  // namespace

std::string_view describe(UserError error) {
    switch (error) {
        case UserError::bad_name:
            return "a name is 1 to 64 of A-Z a-z 0-9 . _ -";
        case UserError::bad_role:
            return "a role is member or operator";
        case UserError::bad_password:
            return "the password cannot be used";
        case UserError::bad_words:
            return "these are not 24 words of a wallet";
        case UserError::exists:
            return "there is a user of this name";
        case UserError::unknown:
            return "there is no user of this name";
        case UserError::wrong_password:
            return "name or password is wrong";
        case UserError::last_operator:
            return "the last operator cannot be removed";
        case UserError::too_many:
            return "there are too many users";
        case UserError::changed_meanwhile:
            return "the user was changed meanwhile, try again";
        case UserError::no_memory:
            return "there is not enough memory";
        case UserError::io:
            return "the user's file could not be written or read";
        case UserError::displaced:
            return "the users' folder was moved, deleted or replaced, so that nothing is written "
                   "there";
    }
    return "the user could not be changed";
}

Users::Users(std::filesystem::path datadir, const Argon2Cost& cost, std::string dummy_hash)
    : datadir_{std::move(datadir)}, cost_{cost}, dummy_hash_{std::move(dummy_hash)} {}

Result<std::unique_ptr<Users>, UserError> Users::open(const std::filesystem::path& datadir,
                                                      const Argon2Cost& cost) {
    auto dummy = hash_password(random_password(), cost);
    if (!dummy) return fail(UserError::no_memory);
    std::unique_ptr<Users> users{new Users{datadir, cost, std::move(*dummy)}};
    if (const auto loaded = users->load(); !loaded) return fail(loaded.error());
    return users;
}

Result<void, UserError> Users::load() {
    if (make_private_folder(folder_of(datadir_))) return fail(UserError::io);
    auto data = HeldFolder::open(datadir_);
    auto folder = HeldFolder::open(folder_of(datadir_));
    if (!data || !folder) return fail(UserError::io);
    data_ = std::move(*data);
    folder_ = std::move(*folder);
    std::error_code error;
    for (std::filesystem::directory_iterator entry{folder_->reach(), error}, end;
         !error && entry != end; entry.increment(error)) {
        const auto& path = entry->path();
        if (is_left_behind(path)) {
            if (remove_durably(path)) return fail(UserError::io);
        } else if (path.extension() == kExtension) {
            auto user = read_user_file(path);
            if (!user) {
                refused_.push_back({path.filename().string(), user.error()});
            } else {
                if (users_.size() == kUsersMax) return fail(UserError::too_many);
                const auto key = user->name.key();
                users_.emplace(key, std::make_shared<const User>(std::move(*user)));
            }
        }
    }
    if (error) return fail(UserError::io);
    return {};
}

Result<void, UserError> Users::check_place() const {
    if (!data_->in_place() || !folder_->in_place()) return fail(UserError::displaced);
    return {};
}

std::filesystem::path Users::file_of(const UserName& name) const {
    return folder_->reach() / (name.key() + std::string{kExtension});
}

std::filesystem::path Users::password_file() const {
    return data_->reach() / kOperatorPasswordFile;
}

std::filesystem::path Users::operator_password_file() const {
    return datadir_ / kOperatorPasswordFile;
}

Result<SecretText, std::error_code> Users::read_operator_password(
    const std::filesystem::path& datadir) {
    const auto content = read_small_file(datadir / kOperatorPasswordFile, kPasswordMaxBytes + 1);
    if (!content) return fail(content.error());
    auto line = as_text(content->view());
    if (line.ends_with('\n')) line.remove_suffix(1);
    return SecretText{line};
}

std::vector<UserPtr> Users::list() const {
    const std::lock_guard lock{mutex_};
    std::vector<UserPtr> all;
    all.reserve(users_.size());
    for (const auto& [key, user] : users_) all.push_back(user);
    return all;
}

UserPtr Users::find(std::string_view name) const {
    const auto key = fold_case(name);
    const std::lock_guard lock{mutex_};
    const auto found = users_.find(key);
    return found == users_.end() ? nullptr : found->second;
}

Result<User, UserError> Users::make_user(const UserName& name, Role role, ByteView entropy,
                                         const SecretText& password) const {
    const auto key = key_of_entropy(entropy);
    if (!key) return fail(UserError::bad_words);
    const auto address = address_of(*key);
    auto hash = hash_password(password, cost_);
    const auto keystore = seal_keystore(entropy, password, keystore_context(name, address), cost_);
    if (!hash || !keystore) return fail(UserError::no_memory);
    return User{name, role, std::move(*hash), *keystore, address};
}

Result<UserPtr, UserError> Users::add(const UserName& name, Role role, ByteView entropy,
                                      const SecretText& password) {
    if (role != Role::member && role != Role::operator_) return fail(UserError::bad_role);
    if (flaw_of(password.reveal(), name.shown())) return fail(UserError::bad_password);
    if (find(name.key())) return fail(UserError::exists);
    auto made = make_user(name, role, entropy, password);
    if (!made) return fail(made.error());
    const auto user = std::make_shared<const User>(std::move(*made));

    const std::lock_guard change{writes_};
    if (list().size() >= kUsersMax) return fail(UserError::too_many);
    if (auto there = check_place(); !there) return fail(there.error());
    // `refuse` also protects a file that was not understood at the start.
    const auto written =
        write_atomically(file_of(name), as_bytes(encode_user_file(*user)), IfExists::refuse);
    if (!written)
        return fail(written.error() == std::errc::file_exists ? UserError::exists : UserError::io);
    const std::lock_guard lock{mutex_};
    users_.insert_or_assign(name.key(), user);
    return user;
}

Result<NewUser, UserError> Users::create(std::string_view name, const SecretText& password,
                                         Role role) {
    const auto parsed = UserName::parse(name);
    if (!parsed) return fail(UserError::bad_name);
    SecretBytes entropy{kEntropySize};
    fill_random(entropy.writable());
    auto words = words_of_entropy(entropy.view());
    if (!words) return fail(UserError::bad_words);
    auto user = add(*parsed, role, entropy.view(), password);
    if (!user) return fail(user.error());
    return NewUser{std::move(*user), std::move(*words)};
}

Result<UserPtr, UserError> Users::restore(std::string_view name, const SecretText& password,
                                          Role role, std::string_view words) {
    const auto parsed = UserName::parse(name);
    if (!parsed) return fail(UserError::bad_name);
    const auto entropy = entropy_of_words(words);
    if (!entropy || entropy->view().size() != kEntropySize) return fail(UserError::bad_words);
    return add(*parsed, role, entropy->view(), password);
}

Result<void, UserError> Users::remove(std::string_view name) {
    const std::lock_guard change{writes_};
    const auto user = find(name);
    if (!user) return fail(UserError::unknown);
    const auto all = list();
    const auto operators = std::count_if(
        all.begin(), all.end(), [](const UserPtr& each) { return each->role == Role::operator_; });
    if (user->role == Role::operator_ && operators == 1) return fail(UserError::last_operator);
    if (auto there = check_place(); !there) return there;
    if (remove_durably(file_of(user->name))) return fail(UserError::io);
    if (user->name.key() == kOperator) (void)remove_durably(password_file());
    const std::lock_guard lock{mutex_};
    users_.erase(user->name.key());
    return {};
}

Result<UserPtr, UserError> Users::replace(const UserPtr& old, User updated) {
    const auto user = std::make_shared<const User>(std::move(updated));
    const std::lock_guard change{writes_};
    if (find(old->name.key()) != old) return fail(UserError::changed_meanwhile);
    if (auto there = check_place(); !there) return fail(there.error());
    if (!write_atomically(file_of(user->name), as_bytes(encode_user_file(*user)),
                          IfExists::replace))
        return fail(UserError::io);
    const std::lock_guard lock{mutex_};
    users_.insert_or_assign(user->name.key(), user);
    return user;
}

Result<UserPtr, UserError> Users::change_password(std::string_view name,
                                                  const SecretText& old_password,
                                                  const SecretText& new_password) {
    const auto user = check_password(name, old_password);
    if (!user) return fail(user.error());
    if (flaw_of(new_password.reveal(), (*user)->name.shown())) return fail(UserError::bad_password);
    const auto entropy = open_entropy(**user, old_password);
    if (!entropy) return fail(entropy.error());
    auto updated = make_user((*user)->name, (*user)->role, entropy->view(), new_password);
    if (!updated) return fail(updated.error());
    auto replaced = replace(*user, std::move(*updated));
    // The file would tell a password that no longer opens anything.
    if (replaced && (*user)->name.key() == kOperator) (void)remove_durably(password_file());
    return replaced;
}

Result<UserPtr, UserError> Users::strengthen(const UserPtr& user, const SecretText& password) {
    if (!needs_rehash(user->password_hash, cost_)) return UserPtr{};
    const auto entropy = open_entropy(*user, password);
    if (!entropy) return fail(entropy.error());
    auto updated = make_user(user->name, user->role, entropy->view(), password);
    if (!updated) return fail(updated.error());
    return replace(user, std::move(*updated));
}

Result<UserPtr, UserError> Users::check_password(std::string_view name,
                                                 const SecretText& password) const {
    const auto user = find(name);
    const bool right = verify_password(user ? user->password_hash : dummy_hash_, password);
    if (!user || !right) return fail(UserError::wrong_password);
    return user;
}

Result<SecretKey, UserError> Users::unlock(const User& user, const SecretText& password) {
    const auto entropy = open_entropy(user, password);
    if (!entropy) return fail(entropy.error());
    auto key = key_of_entropy(entropy->view());
    if (!key || address_of(*key) != user.address) return fail(UserError::wrong_password);
    return std::move(*key);
}

Result<std::optional<Users::FirstOperator>, UserError> Users::ensure_operator() {
    if (!refused_.empty() || !list().empty()) return std::optional<FirstOperator>{};
    if (auto there = check_place(); !there) return fail(there.error());
    auto password = random_password();
    // The file first: a crash between the two leaves a password of nobody, which the next start
    // replaces, rather than an operator whose password nobody knows.
    Bytes line{as_bytes(password.reveal()).begin(), as_bytes(password.reveal()).end()};
    line.push_back('\n');
    const auto written = write_atomically(password_file(), line, IfExists::replace);
    wipe(line);
    if (!written) return fail(UserError::io);
    auto made = create(kOperator, password, Role::operator_);
    if (!made) return fail(made.error());
    return FirstOperator{std::move(made->user), std::move(password), std::move(made->words)};
}

}  // namespace cairn
