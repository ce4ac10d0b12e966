#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "core/base/result.hpp"
#include "core/crypto/schnorr.hpp"
#include "os/held_folder.hpp"
#include "wallet/argon2.hpp"
#include "wallet/password.hpp"
#include "wallet/secret.hpp"
#include "wallet/user_file.hpp"

namespace cairn {

using UserPtr = std::shared_ptr<const User>;

/// A file in `users/` that could not be taken, and why: for the log. Its name stays occupied.
struct RefusedUserFile {
    std::string file_name;
    std::string reason;
};

enum class UserError : std::uint8_t {
    bad_name,
    bad_role,      // only member and operator can be given
    bad_password,  // see flaw_of()
    bad_words,     // not 24 BIP39 words
    exists,
    unknown,
    wrong_password,
    last_operator,  // nobody could make users any more
    too_many,
    changed_meanwhile,  // by another thread: ask again
    no_memory,
    io,
    displaced,  // the folder was moved, deleted or replaced: nothing is written at its name
};
/// One sentence for people.
[[nodiscard]] std::string_view describe(UserError error);

struct NewUser {
    UserPtr user;
    SecretText words;  // 24, shown once: whoever has them has the key
};

/// The users of one data folder: `<datadir>/users/NAME.json` (0600; NAME in small letters), read
/// once and kept in memory, written before a change is answered. One process a data folder. Any
/// thread; no lock is held while Argon2 runs, of which each function says how many runs it makes.
class Users {
public:
    static constexpr std::size_t kUsersMax = 10'000;

    /// Makes the folder (0700) if it is missing and removes what a crash left half written. One
    /// Argon2 run. `cost` is that of new hashes and keystores. Errors: io (the folder cannot be
    /// made or read), too_many, no_memory.
    static Result<std::unique_ptr<Users>, UserError> open(const std::filesystem::path& datadir,
                                                          const Argon2Cost& cost = kArgon2Cost);

    /// Files `open` did not take.
    [[nodiscard]] const std::vector<RefusedUserFile>& refused() const { return refused_; }

    /// In the order of their names.
    [[nodiscard]] std::vector<UserPtr> list() const;
    /// Whatever the case of `name`; null if there is none.
    [[nodiscard]] UserPtr find(std::string_view name) const;

    /// A user with a new key. Two Argon2 runs.
    Result<NewUser, UserError> create(std::string_view name, const SecretText& password, Role role);
    /// A user with the key of 24 words it wrote down. Two Argon2 runs.
    Result<UserPtr, UserError> restore(std::string_view name, const SecretText& password, Role role,
                                       std::string_view words);
    /// The key is gone for good unless the words were kept. Sessions are the caller's to end, after
    /// this.
    Result<void, UserError> remove(std::string_view name);
    /// New hash and keystore. Sessions are the caller's to end, after this. Four Argon2 runs.
    Result<UserPtr, UserError> change_password(std::string_view name,
                                               const SecretText& old_password,
                                               const SecretText& new_password);
    /// Hash and keystore at today's cost if the stored ones are cheaper; `password` has been
    /// checked. Null if nothing had to be done. Three Argon2 runs, or none.
    Result<UserPtr, UserError> strengthen(const UserPtr& user, const SecretText& password);

    /// The user whose name and password these are, or wrong_password, alike for an unknown name.
    /// One Argon2 run whether or not there is such a user.
    Result<UserPtr, UserError> check_password(std::string_view name,
                                              const SecretText& password) const;
    /// The user's key. One Argon2 run. Error: wrong_password, also for a keystore that was tampered
    /// with.
    static Result<SecretKey, UserError> unlock(const User& user, const SecretText& password);

    /// The first start: if there is no user and no refused file, makes `operator` with a random
    /// password, kept in `<datadir>/operator.password` (0600). Two Argon2 runs.
    struct FirstOperator {
        UserPtr user;
        SecretText password;  // to be printed once
        SecretText words;     // to be printed once
    };
    Result<std::optional<FirstOperator>, UserError> ensure_operator();
    [[nodiscard]] std::filesystem::path operator_password_file() const;
    /// What that file says, for a client on this machine. Error: the system's.
    static Result<SecretText, std::error_code> read_operator_password(
        const std::filesystem::path& datadir);

private:
    Users(std::filesystem::path datadir, const Argon2Cost& cost, std::string dummy_hash);
    Result<void, UserError> load();
    /// The error if what is written now could come into a folder that is not ours.
    [[nodiscard]] Result<void, UserError> check_place() const;
    [[nodiscard]] std::filesystem::path file_of(const UserName& name) const;
    /// `operator.password` by a name that leads into our folder and no other.
    [[nodiscard]] std::filesystem::path password_file() const;
    [[nodiscard]] Result<User, UserError> make_user(const UserName& name, Role role,
                                                    ByteView entropy,
                                                    const SecretText& password) const;
    Result<UserPtr, UserError> add(const UserName& name, Role role, ByteView entropy,
                                   const SecretText& password);
    Result<UserPtr, UserError> replace(const UserPtr& old, User updated);

    const std::filesystem::path datadir_;
    std::optional<HeldFolder> data_;    // both set by `load`
    std::optional<HeldFolder> folder_;  // of the users' files
    const Argon2Cost cost_;
    const std::string dummy_hash_;  // what unknown names are checked against
    std::vector<RefusedUserFile> refused_;
    std::mutex writes_;         // held over a change of disk and map together; taken before mutex_
    mutable std::mutex mutex_;  // guards users_
    std::map<std::string, UserPtr, std::less<>> users_;  // by UserName::key()
};

}  // namespace cairn
