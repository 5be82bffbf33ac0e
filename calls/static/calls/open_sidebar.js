// The admin's list of pages stands open or closed as it was left, from the page's first drawing on: Django's own script
// opens it later, and all that is beside it moves. So this one is loaded at once, and before the list: the admin's style
// sheets want the page's content right behind it.
document.getElementById("main").classList.toggle("shifted", localStorage.getItem("django.admin.navSidebarIsOpen") !== "false");
