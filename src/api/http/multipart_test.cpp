#include "api/http/multipart.hpp"

#include <gtest/gtest.h>

namespace cairn::http {
namespace {

std::string part(const std::string& name, const std::string& value, const std::string& more = "") {
    return "--b\r\nContent-Disposition: form-data; name=\"" + name + "\"" + more + "\r\n\r\n" +
           value + "\r\n";
}
auto parse_form(const std::string& text) { return parse_multipart(text, "b"); }

TEST(MultipartBoundary, IsNamedByTheContentType) {
    EXPECT_EQ(multipart_boundary("multipart/form-data; boundary=----WebKitFormBoundaryX"),
              "----WebKitFormBoundaryX");
    EXPECT_EQ(multipart_boundary("Multipart/Form-Data;charset=utf-8 ; Boundary=\"a b;c\""), "");
    EXPECT_EQ(multipart_boundary("Multipart/Form-Data;charset=utf-8 ; Boundary=\"a b:c\""),
              "a b:c");
    for (const char* type :
         {"multipart/form-data",
          "multipart/form-data; boundary=", "multipart/form-data; boundary=\"x",
          "multipart/form-data; boundary=a@b", "multipart/form-data; boundary=\"a \""})
        EXPECT_EQ(multipart_boundary(type), "") << type;
    for (const char* type :
         {"", "multipart/mixed; boundary=b", "application/json", "multipart/form-data2"})
        EXPECT_EQ(multipart_boundary(type), std::nullopt) << type;
}

TEST(MultipartBoundary, HasAtMost70Characters) {
    const std::string most(70, 'b');
    EXPECT_EQ(multipart_boundary("multipart/form-data; boundary=" + most), most);
    EXPECT_EQ(multipart_boundary("multipart/form-data; boundary=" + most + "b"), "");
}

TEST(Multipart, ReadsTextFields) {
    const auto form =
        parse_form(part("sender", "alice") + part("memo", "line\r\n--a\r\n") +
                   part("empty", "", "\r\nContent-Type: text/plain; charset=utf-8") + "--b--\r\n");
    ASSERT_TRUE(form) << form.error().reason;
    EXPECT_EQ(*form->find("sender")->string(), "alice");
    EXPECT_EQ(*form->find("memo")->string(), "line\r\n--a\r\n");
    EXPECT_EQ(*form->find("empty")->string(), "");
    EXPECT_EQ(form->object()->size(), 3U);
}

TEST(Multipart, TheLastLineEndMayBeLeftOut) {
    EXPECT_TRUE(parse_form(part("a", "1") + "--b--"));
    EXPECT_FALSE(parse_form(part("a", "1") + "--b--\r\n\r\n"));
    EXPECT_FALSE(parse_form(part("a", "1") + "--b--x"));
}

TEST(Multipart, AFormMayHaveNoFields) { EXPECT_TRUE(parse_form("--b--\r\n")->object()->empty()); }

TEST(Multipart, NamesAreReadWithAndWithoutQuotes) {
    for (const char* line :
         {"Content-Disposition: form-data; name=a", "content-disposition:form-data;name=\"a\"",
          "CONTENT-DISPOSITION: FORM-DATA ; NAME = \"a\" "}) {
        const auto form = parse_form("--b\r\n" + std::string{line} + "\r\n\r\n1\r\n--b--");
        ASSERT_TRUE(form) << line;
        EXPECT_EQ(*form->find("a")->string(), "1") << line;
    }
}

TEST(Multipart, RefusesWhatIsNotFramed) {
    const std::string good = part("a", "1") + "--b--\r\n";
    ASSERT_TRUE(parse_form(good));
    for (std::size_t size = 0; size + 2 < good.size(); ++size)
        EXPECT_FALSE(parse_form(good.substr(0, size))) << size;
    for (const std::string& bad :
         {"preamble\r\n" + good, "\r\n" + good, "--b \r\n" + good, std::string{"--bb--\r\n"},
          std::string{"--b\r\n\r\n1\r\n--b--"},
          std::string{"--b\r\nContent-Disposition form-data\r\n\r\n1\r\n--b--"}})
        EXPECT_FALSE(parse_form(bad)) << bad;
    EXPECT_FALSE(parse_multipart(good, ""));
    EXPECT_FALSE(parse_multipart(good, "c"));
}

TEST(Multipart, RefusesPartsThatAreNoTextField) {
    for (const char* disposition :
         {"form-data", "form-data; filename=\"x\"", "form-data; name=\"a\"; filename=\"x\"",
          "form-data; name=\"a\"; FileName*=UTF-8''x", "attachment; name=\"a\"",
          "form-data; name=\"a\"; name=\"b\"", "form-data; name=\"a", "form-data; name"})
        EXPECT_FALSE(parse_form("--b\r\nContent-Disposition: " + std::string{disposition} +
                                "\r\n\r\n1\r\n--b--"))
            << disposition;
    const std::string line = "Content-Disposition: form-data; name=\"a\"\r\n";
    EXPECT_FALSE(parse_form("--b\r\n" + line + line + "\r\n1\r\n--b--"));
}

TEST(Multipart, RefusesWhatIsNoTextAndNamesThatStandTwice) {
    EXPECT_FALSE(parse_form(part("a", "\xff") + "--b--"));
    EXPECT_FALSE(parse_form(part("\xff", "1") + "--b--"));
    EXPECT_FALSE(parse_form(part("a", std::string(1, '\0')) + "--b--"));
    EXPECT_FALSE(parse_form(part("a", "1") + part("a", "2") + "--b--"));
}

TEST(Multipart, BoundsTheParts) {
    std::string text;
    for (int i = 0; i < 256; ++i) text += part("n" + std::to_string(i), "");
    EXPECT_TRUE(parse_form(text + "--b--"));
    EXPECT_FALSE(parse_form(text + part("more", "") + "--b--"));
}

}  // namespace
}  // namespace cairn::http
