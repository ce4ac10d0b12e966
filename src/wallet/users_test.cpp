#include "wallet/users.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "wallet/atomic_file.hpp"
#include "wallet/bip39.hpp"
#include "wallet/testing/folder.hpp"
#include "wallet/testing/vectors.hpp"
#include "wallet/unlocked_key.hpp"

namespace cairn {
namespace {

using testing::Folder;
using testing::kCheap;
using testing::mode_of;
using testing::slurp;
using testing::spill;

const SecretText kPassword{"a good password"};
const SecretText kOther{"another password"};

std::unique_ptr<Users> open_users(const Folder& folder, const Argon2Cost& cost = kCheap) {
    auto users = Users::open(folder.path(), cost);
    EXPECT_TRUE(users);
    return std::move(*users);
}

TEST(Users, CreateKeepsAFileOnlyItsOwnerReads) {
    const Folder folder;
    const auto users = open_users(folder);
    ASSERT_TRUE(users->create("Alice", kPassword, Role::member));
    EXPECT_EQ(mode_of(folder.path() / "users"), 0700U);
    EXPECT_EQ(mode_of(folder.path() / "users" / "alice.json"), 0600U);
}

TEST(Users, TheFileTellsNeitherPasswordNorWordsNorKey) {
    const Folder folder;
    const auto users = open_users(folder);
    const auto made = users->create("alice", kPassword, Role::member);
    ASSERT_TRUE(made);
    const auto file = slurp(folder.path() / "users" / "alice.json");
    const auto entropy = entropy_of_words(made->words.reveal());
    ASSERT_TRUE(entropy);
    EXPECT_EQ(file.find(kPassword.reveal()), std::string::npos);
    EXPECT_EQ(file.find(to_hex(entropy->view())), std::string::npos);
    EXPECT_EQ(file.find(to_hex(key_of_entropy(entropy->view())->bytes())), std::string::npos);
    EXPECT_NE(file.find(to_hex(made->user->address.bytes)), std::string::npos);
}

TEST(Users, AreThereAgainAfterARestart) {
    const Folder folder;
    Address address;
    {
        const auto users = open_users(folder);
        address = users->create("Alice", kPassword, Role::member)->user->address;
        ASSERT_TRUE(users->create("bob", kOther, Role::operator_));
    }
    const auto users = open_users(folder);
    ASSERT_EQ(users->list().size(), 2U);
    EXPECT_EQ(users->list()[0]->name.shown(), "Alice");
    EXPECT_EQ(users->list()[1]->role, Role::operator_);
    const auto alice = users->check_password("alice", kPassword);
    ASSERT_TRUE(alice);
    auto key = Users::unlock(**alice, kPassword);
    ASSERT_TRUE(key);
    EXPECT_EQ(UnlockedKey::make(std::move(*key))->address(), address);
    EXPECT_EQ((*alice)->address, address);
}

TEST(Users, TheWordsGiveTheKeyBack) {
    const Folder one;
    const Folder two;
    const auto made = open_users(one)->create("alice", kPassword, Role::member);
    ASSERT_TRUE(made);
    const auto users = open_users(two);
    const auto restored = users->restore("al", kOther, Role::member, made->words.reveal());
    ASSERT_TRUE(restored);
    EXPECT_EQ((*restored)->address, made->user->address);
    EXPECT_EQ(users->restore("bo", kOther, Role::member, "abandon about").error(),
              UserError::bad_words);
    // Twelve words are a wallet, but not one of ours.
    EXPECT_EQ(users->restore("bo", kOther, Role::member, words_of_entropy(Bytes(16, 0))->reveal())
                  .error(),
              UserError::bad_words);
}

TEST(Users, ANameIsTakenInAnyCase) {
    const Folder folder;
    const auto users = open_users(folder);
    ASSERT_TRUE(users->create("Alice", kPassword, Role::member));
    EXPECT_EQ(users->create("alice", kOther, Role::member).error(), UserError::exists);
    EXPECT_EQ(users->create("ALICE", kOther, Role::member).error(), UserError::exists);
    EXPECT_EQ(users->find("aLiCe")->name.shown(), "Alice");
    EXPECT_TRUE(users->check_password("ALICE", kPassword));
}

TEST(Users, RefusesBadNamesPasswordsAndRoles) {
    const Folder folder;
    const auto users = open_users(folder);
    EXPECT_EQ(users->create("../alice", kPassword, Role::member).error(), UserError::bad_name);
    EXPECT_EQ(users->create("alice", SecretText{"short"}, Role::member).error(),
              UserError::bad_password);
    EXPECT_EQ(users->create("alice", kPassword, Role::anyone).error(), UserError::bad_role);
    EXPECT_EQ(users->create("alice", kPassword, static_cast<Role>(9)).error(), UserError::bad_role);
    EXPECT_TRUE(users->list().empty());
}

TEST(Users, WrongPasswordAndUnknownNameAreTheSameError) {
    const Folder folder;
    const auto users = open_users(folder);
    ASSERT_TRUE(users->create("alice", kPassword, Role::member));
    EXPECT_EQ(users->check_password("alice", kOther).error(), UserError::wrong_password);
    EXPECT_EQ(users->check_password("nobody", kPassword).error(), UserError::wrong_password);
    EXPECT_EQ(users->check_password("../etc/passwd", kPassword).error(), UserError::wrong_password);
    EXPECT_EQ(users->check_password("", kPassword).error(), UserError::wrong_password);
    EXPECT_EQ(Users::unlock(*users->find("alice"), kOther).error(), UserError::wrong_password);
}

TEST(Users, RemoveTakesTheFileAndTheName) {
    const Folder folder;
    const auto users = open_users(folder);
    ASSERT_TRUE(users->create("alice", kPassword, Role::member));
    ASSERT_TRUE(users->remove("Alice"));
    EXPECT_FALSE(users->find("alice"));
    EXPECT_FALSE(std::filesystem::exists(folder.path() / "users" / "alice.json"));
    EXPECT_EQ(users->remove("alice").error(), UserError::unknown);
    EXPECT_TRUE(users->create("alice", kPassword, Role::member));
}

TEST(Users, TheLastOperatorStays) {
    const Folder folder;
    const auto users = open_users(folder);
    ASSERT_TRUE(users->create("one", kPassword, Role::operator_));
    ASSERT_TRUE(users->create("m", kPassword, Role::member));
    EXPECT_EQ(users->remove("one").error(), UserError::last_operator);
    ASSERT_TRUE(users->create("two", kPassword, Role::operator_));
    EXPECT_TRUE(users->remove("one"));
    EXPECT_EQ(users->remove("two").error(), UserError::last_operator);
}

TEST(Users, ChangePasswordKeepsTheKey) {
    const Folder folder;
    const auto users = open_users(folder);
    const auto address = users->create("alice", kPassword, Role::member)->user->address;
    EXPECT_EQ(users->change_password("alice", kOther, kPassword).error(),
              UserError::wrong_password);
    EXPECT_EQ(users->change_password("alice", kPassword, SecretText{"short"}).error(),
              UserError::bad_password);
    ASSERT_TRUE(users->change_password("alice", kPassword, kOther));
    EXPECT_FALSE(users->check_password("alice", kPassword));
    const auto reopened = open_users(folder);
    for (const auto* reader : {users.get(), reopened.get()}) {
        const auto user = reader->check_password("alice", kOther);
        ASSERT_TRUE(user);
        EXPECT_EQ((*user)->address, address);
        EXPECT_TRUE(Users::unlock(**user, kOther));
        EXPECT_FALSE(Users::unlock(**user, kPassword));
    }
}

TEST(Users, StrengthenFollowsARaisedCost) {
    const Folder folder;
    ASSERT_TRUE(open_users(folder, kCheap)->create("alice", kPassword, Role::member));
    const auto users = open_users(folder, {16, 2});
    const auto weak = users->find("alice");
    const auto strong = users->strengthen(weak, kPassword);
    ASSERT_TRUE(strong && *strong);
    EXPECT_EQ(cost_of((*strong)->password_hash), (Argon2Cost{16, 2}));
    EXPECT_EQ((*strong)->keystore[4], 16);
    EXPECT_TRUE(users->check_password("alice", kPassword));
    EXPECT_TRUE(Users::unlock(**strong, kPassword));
    const auto again = users->strengthen(*strong, kPassword);
    ASSERT_TRUE(again);
    EXPECT_FALSE(*again);
    EXPECT_EQ(users->strengthen(weak, kPassword).error(), UserError::changed_meanwhile);
}

TEST(Users, EveryChangedOrMissingByteOfTheFileIsRefusedOrOpensNothing) {
    const Folder folder;
    const auto path = folder.path() / "users" / "alice.json";
    std::string secret;
    {
        const auto made = open_users(folder)->create("alice", kPassword, Role::member);
        ASSERT_TRUE(made);
        secret = to_hex(entropy_of_words(made->words.reveal())->view());
    }
    const auto good = slurp(path);
    const auto try_file = [&](const std::string& content, const std::string& what) {
        spill(path, content);
        const auto users = open_users(folder);
        if (!users->refused().empty()) {
            EXPECT_EQ(users->refused()[0].reason.find(secret), std::string::npos);
            return;
        }
        const auto user = users->check_password("alice", kPassword);
        if (!user) {
            EXPECT_EQ(user.error(), UserError::wrong_password);
            return;
        }
        const auto key = Users::unlock(**user, kPassword);
        // What is left is a change of writing: the case of a hex digit or of the name, the last
        // newline.
        if (key)
            EXPECT_EQ(fold_case(encode_user_file(**user)), fold_case(good)) << what;
        else
            EXPECT_EQ(key.error(), UserError::wrong_password);
    };
    for (std::size_t i = 0; i < good.size(); ++i) {
        for (const unsigned mask : {0x01U, 0x20U, 0x80U}) {
            auto changed = good;
            changed[i] = static_cast<char>(static_cast<unsigned char>(changed[i]) ^ mask);
            try_file(changed, "byte " + std::to_string(i));
        }
        try_file(good.substr(0, i), "cut at " + std::to_string(i));
    }
}

TEST(Users, ARefusedFileKeepsItsNameAndIsNotOverwritten) {
    const Folder folder;
    { open_users(folder); }
    const auto path = folder.path() / "users" / "alice.json";
    spill(path, "damaged");
    const auto users = open_users(folder);
    ASSERT_EQ(users->refused().size(), 1U);
    EXPECT_EQ(users->refused()[0].file_name, "alice.json");
    EXPECT_EQ(users->create("alice", kPassword, Role::member).error(), UserError::exists);
    EXPECT_EQ(slurp(path), "damaged");
    EXPECT_TRUE(users->create("bob", kPassword, Role::member));
}

TEST(Users, AFileUnderAnotherNameIsRefused) {
    const Folder folder;
    ASSERT_TRUE(open_users(folder)->create("alice", kPassword, Role::member));
    const auto users_folder = folder.path() / "users";
    std::filesystem::copy_file(users_folder / "alice.json", users_folder / "bob.json");
    const auto users = open_users(folder);
    EXPECT_EQ(users->list().size(), 1U);
    ASSERT_EQ(users->refused().size(), 1U);
    EXPECT_EQ(users->refused()[0].file_name, "bob.json");
}

TEST(Users, WhatACrashLeftHalfWrittenIsRemoved) {
    const Folder folder;
    { open_users(folder); }
    spill(folder.path() / "users" / "alice.json.0011223344556677.tmp", "half");
    const auto users = open_users(folder);
    EXPECT_TRUE(std::filesystem::is_empty(folder.path() / "users"));
    EXPECT_TRUE(users->refused().empty());
}

/// Somebody moves a folder away and puts one of his own in its place.
TEST(Users, WriteNothingIntoAFolderThatTookTheirsOrTheDataFoldersPlace) {
    for (const bool whole : {false, true}) {
        const Folder folder;
        const auto data = folder.path() / "data";
        ASSERT_FALSE(make_private_folder(data));
        auto users = *Users::open(data, kCheap);
        const auto first = users->ensure_operator();
        ASSERT_TRUE(first && *first);
        ASSERT_TRUE(users->create("alice", kPassword, Role::member));
        const auto moved = whole ? data : data / "users";
        std::filesystem::rename(moved, folder.path() / "away");
        EXPECT_EQ(users->create("bob", kPassword, Role::member).error(), UserError::displaced);
        std::filesystem::create_directories(data / "users");
        spill(data / "users" / "alice.json", "of somebody else");
        spill(data / "operator.password", "of somebody else");

        EXPECT_EQ(users->create("bob", kPassword, Role::member).error(), UserError::displaced);
        EXPECT_EQ(users->remove("alice").error(), UserError::displaced);
        EXPECT_EQ(users->change_password("operator", (*first)->password, kOther).error(),
                  UserError::displaced);
        EXPECT_TRUE(users->check_password("alice", kPassword));
        EXPECT_EQ(slurp(data / "users" / "alice.json"), "of somebody else");
        EXPECT_EQ(slurp(data / "operator.password"), "of somebody else");
        EXPECT_FALSE(std::filesystem::exists(data / "users" / "bob.json"));

        std::filesystem::remove_all(moved);
        std::filesystem::rename(folder.path() / "away", moved);
        EXPECT_TRUE(users->create("bob", kPassword, Role::member));
    }
}

TEST(Users, LeaveFilesAloneThatAreNotTheirs) {
    const Folder folder;
    { const auto users = open_users(folder); }
    spill(folder.path() / "users" / "notes.tmp", "mine");
    const auto users = open_users(folder);
    EXPECT_EQ(slurp(folder.path() / "users" / "notes.tmp"), "mine");
}

TEST(Users, OfTwoThreadsWithOneNameOneWins) {
    const Folder folder;
    const auto users = open_users(folder);
    std::atomic<int> made{0};
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i)
        threads.emplace_back([&, i] {
            if (users->create(i % 2 == 0 ? "alice" : "Alice", kPassword, Role::member)) ++made;
        });
    threads.clear();
    EXPECT_EQ(made, 1);
    EXPECT_TRUE(users->check_password("alice", kPassword));
}

TEST(FirstOperator, IsMadeOnceWithItsPasswordInAFile) {
    const Folder folder;
    const auto users = open_users(folder);
    const auto first = users->ensure_operator();
    ASSERT_TRUE(first && *first);
    EXPECT_EQ((*first)->user->role, Role::operator_);
    EXPECT_EQ((*first)->user->name.shown(), "operator");
    EXPECT_EQ(slurp(users->operator_password_file()),
              std::string{(*first)->password.reveal()} + "\n");
    EXPECT_EQ(mode_of(users->operator_password_file()), 0600U);
    EXPECT_TRUE(users->check_password("operator", (*first)->password));
    const auto read = Users::read_operator_password(folder.path());
    ASSERT_TRUE(read);
    EXPECT_EQ(read->reveal(), (*first)->password.reveal());

    const auto again = users->ensure_operator();
    ASSERT_TRUE(again);
    EXPECT_FALSE(*again);
    EXPECT_FALSE(*open_users(folder)->ensure_operator());
}

TEST(FirstOperator, IsNotMadeBesideOthersOrADamagedFile) {
    const Folder folder;
    { open_users(folder); }
    spill(folder.path() / "users" / "operator.json", "damaged");
    const auto users = open_users(folder);
    EXPECT_FALSE(*users->ensure_operator());
    ASSERT_TRUE(users->create("one", kPassword, Role::operator_));
    EXPECT_FALSE(*users->ensure_operator());
}

TEST(FirstOperator, APasswordOfACrashedStartIsReplaced) {
    const Folder folder;
    const auto users = open_users(folder);
    spill(users->operator_password_file(), "of a start that got no further\n");
    const auto first = users->ensure_operator();
    ASSERT_TRUE(first && *first);
    EXPECT_EQ(slurp(users->operator_password_file()),
              std::string{(*first)->password.reveal()} + "\n");
}

TEST(FirstOperator, ItsPasswordFileGoesWhenThePasswordChanges) {
    const Folder folder;
    const auto users = open_users(folder);
    const auto first = users->ensure_operator();
    ASSERT_TRUE(first && *first);
    ASSERT_TRUE(users->change_password("operator", (*first)->password, kOther));
    EXPECT_FALSE(std::filesystem::exists(users->operator_password_file()));
}

}  // namespace
}  // namespace cairn
